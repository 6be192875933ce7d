using System.Text;
using System.Text.Json;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.UserCredentials;

/// <summary>Credentials of any type, and EC2 key pairs, which are credentials with a form of their own.</summary>
internal sealed class UserCredentialService(House house)
{
    private const int BlobCharactersMax = 8 * 1024;
    private const int AccessBytes = 16;
    private const int SecretBytes = 32;

    public Outcome<OpenedCredential> Show(AccessGrant access, string rule, string id) =>
        house.Kernel.Database.Read(session => Found(session, access, rule, id).Then(row => Opened(session, row)));

    public Outcome<Page<OpenedCredential>> List(AccessGrant access, ListRequest request) => house.Kernel.Database.Read(session =>
        ListSql.Page<UserCredentialRow>(session, access.Everything ? request : request.Where("c.user_id = @value", access.Caller.UserId), "c.*")
            .Map(page => new Page<OpenedCredential>(
                [.. page.Items.Select(row => UserCredentialStore.Open(session, house, row)).OfType<OpenedCredential>()], page.More)));

    public Task<Outcome<OpenedCredential>> Create(AccessGrant access, UserCredentialWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<OpenedCredential>("credential.create", access.Origin, tx =>
        {
            if (!access.Covers(null, null, wish.UserId)) return Guard.Refusal("identity:create_credential");
            var row = new UserCredentialRow { Id = house.Kernel.Ids.Hex(), UserId = wish.UserId ?? "", ProjectId = wish.ProjectId.Value, Type = wish.Type ?? "" };
            if (wish.Type is null or "" || wish.Blob is null || wish.UserId is null)
            {
                return new Fault.Invalid("credential", "Expecting user_id, type and blob in credential. The server could not comply with the request.");
            }

            return Checked(tx, access, row, wish.Blob).Then(made => Insert(tx, access, made, wish.Blob));
        }, stop);

    public Task<Outcome<OpenedCredential>> Update(AccessGrant access, string id, UserCredentialWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<OpenedCredential>("credential.update", access.Origin, tx =>
        {
            var found = Found(tx, access, "identity:update_credential", id);
            if (found.Fault is { } missing) return missing;
            if (wish.UserId is not null && wish.UserId != found.Value.UserId) return new Fault.Invalid("user_id", "The user of a credential does not change.");
            var before = Opened(tx, found.Value);
            if (before.Fault is { } erased) return erased;
            var blob = wish.Blob ?? before.Value.Blob;
            var changed = Checked(tx, access, found.Value with { ProjectId = wish.ProjectId.Or(found.Value.ProjectId), Type = wish.Type ?? found.Value.Type }, blob);
            if (changed.Fault is { } wrong) return wrong;
            // An access key gives the id of a new credential only: this one keeps its own.
            var after = changed.Value with { Id = id };
            after = after with { Sealed = UserCredentialStore.Seal(tx, house, after.KeyOwner, id, blob) };
            UserCredentialStore.Update(tx, after);
            Recorded(tx, after, Change.Updated);
            return new OpenedCredential(after, blob);
        }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string rule, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("credential.delete", access.Origin, tx => Found(tx, access, rule, id).Map(row =>
        {
            Remove(tx, row);
            return Done.Value;
        }), stop);

    /// <summary>A new key pair of a user for a project.</summary>
    public Task<Outcome<OpenedCredential>> CreatePair(AccessGrant access, string userId, string projectId, CancellationToken stop)
    {
        var pair = new Ec2Blob { Access = Hex(AccessBytes), Secret = Hex(SecretBytes) };
        var blob = JsonSerializer.Serialize(pair, UserCredentialJson.Wire.Ec2Blob);
        return house.Kernel.Queue.Write<OpenedCredential>("credential.create", access.Origin, tx =>
        {
            if (!access.Covers(null, null, userId)) return Guard.Refusal("identity:ec2_create_credential");
            return Checked(tx, access, new UserCredentialRow { UserId = userId, ProjectId = projectId, Type = UserCredentialRow.Ec2 }, blob)
                .Then(made => Insert(tx, access, made, blob));
        }, stop);

        string Hex(int count) => Convert.ToHexStringLower(house.Kernel.Randomness.Bytes(count));
    }

    public Outcome<List<OpenedCredential>> Pairs(AccessGrant access, string userId)
    {
        if (!access.Covers(null, null, userId)) return Guard.Refusal("identity:ec2_list_credentials");
        if (house.Model.Users.Find(userId) is null) return new Fault.NotFound("user", userId);
        return house.Kernel.Database.Read(session => UserCredentialStore.OfUser(session, userId, UserCredentialRow.Ec2)
            .Select(row => UserCredentialStore.Open(session, house, row)).OfType<OpenedCredential>().ToList());
    }

    /// <summary>The user goes, or the project: so do the credentials.</summary>
    public static void OfUser(Tx tx, House house, string userId) => RemoveAll(tx, UserCredentialStore.Of(tx, "user_id", userId), house);

    public static void OfProject(Tx tx, House house, string projectId) => RemoveAll(tx, UserCredentialStore.Of(tx, "project_id", projectId), house);

    private static void RemoveAll(Tx tx, List<UserCredentialRow> rows, House house)
    {
        foreach (var row in rows) new UserCredentialService(house).Remove(tx, row);
    }

    private void Remove(Tx tx, UserCredentialRow row)
    {
        UserCredentialStore.Delete(tx, row.Id);
        Recorded(tx, row, Change.Deleted);
    }

    private Outcome<OpenedCredential> Insert(Tx tx, AccessGrant access, UserCredentialRow row, string blob)
    {
        var made = row with
        {
            Sealed = UserCredentialStore.Seal(tx, house, row.KeyOwner, row.Id, blob),
            TrustId = access.Caller.TrustId,
            ApplicationCredentialId = access.Caller.ApplicationCredentialId,
        };
        if (!UserCredentialStore.Insert(tx, made)) return new Fault.Conflict("Conflict occurred attempting to store credential - Duplicate entry.");
        Recorded(tx, made, Change.Created);
        return new OpenedCredential(made, blob);
    }

    /// <summary>The row as it may be stored: owner of its key, and for key pairs the id that the access key gives.</summary>
    private static Outcome<UserCredentialRow> Checked(Tx tx, AccessGrant access, UserCredentialRow row, string blob)
    {
        var bad = Members.CheckText("type", row.Type, Members.NameMax) ?? Members.CheckText("blob", blob, BlobCharactersMax)
            ?? Members.CheckText("project_id", row.ProjectId, Members.ShortNameMax);
        if (bad is not null) return bad;
        if (UserStore.Find(tx, row.UserId) is not { } user) return new Fault.NotFound("user", row.UserId);
        if (row.ProjectId is { } project && ProjectStore.Find(tx, project) is null) return new Fault.NotFound("project", project);
        // What a trust or an application credential gave for one project is not taken to another.
        var caller = access.Caller;
        if (caller.IsDelegated() && row.ProjectId != caller.ProjectId) return new Fault.Forbidden("A delegated token makes credentials for its own project only.");
        if (row.Type != UserCredentialRow.Ec2) return row with { KeyOwner = user.DomainId };
        if (row.ProjectId is null) return new Fault.Invalid("project_id", "Expecting to find project_id in credential of type ec2.");
        var pair = Call.Parse(Encoding.UTF8.GetBytes(blob), UserCredentialJson.Wire.Ec2Blob);
        if (pair.Fault is not null) return new Fault.Invalid("blob", "Invalid blob in credential");
        if (pair.Value.Access is not { Length: > 0 } key) return new Fault.Invalid("blob", "Expecting to find access in credential.");
        return row with { KeyOwner = user.DomainId, Id = UserCredentialRow.IdOfAccess(key) };
    }

    private static Outcome<UserCredentialRow> Found(Session session, AccessGrant access, string rule, string id) =>
        access.Reached(rule, "credential", id, UserCredentialStore.Find(session, id), row => access.Covers(null, null, row.UserId));

    private Outcome<OpenedCredential> Opened(Session session, UserCredentialRow row) =>
        UserCredentialStore.Open(session, house, row) is { } opened ? opened : new Fault.NotFound("credential", row.Id);

    private void Recorded(Tx tx, UserCredentialRow row, Change change) => tx.Record(
        "credential", row.Id, house.Model.Users.Find(row.UserId)?.DomainId, change, new UserCredentialDocument(row.Id, row.UserId, row.ProjectId, row.Type),
        UserCredentialJson.Wire.UserCredentialDocument);
}
