using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Assignments;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Trusts;
using Sovereign.Identity.UserCredentials;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Users;

internal sealed class UserService(House house, Passwords passwords, PasswordPolicy policy)
{
    public static readonly Room<UserRow, UserView> Room = new(
        "user", UserStore.Shape, UserStore.Find, UserView.From, UserJson.Wire.UserView, row => row.DomainId,
        (model, row) => model.Users.Put(row.Entry))
    {
        Columns = UserStore.Columns,
    };

    public Outcome<UserRow> Show(AccessGrant access, string id) => house.Kernel.Database.Read(session => Find(session, access, "get", id));

    public Outcome<Page<UserRow>> OfGroup(string groupId, ListRequest request) => Room.Page(
        house, request.Where("u.id IN (SELECT m.user_id FROM group_members m WHERE m.group_id = @value)", groupId));

    public async Task<Outcome<UserRow>> Create(AccessGrant access, UserWrite wish, CancellationToken stop)
    {
        var hashed = await Hashed(wish.Password, stop);
        if (hashed.Fault is { } wrong) return wrong;
        return await house.Kernel.Queue.Write<UserRow>("user.create", access.Origin, tx =>
        {
            var domain = DomainService.OfNew(tx, access, "identity:create_user", wish.DomainId);
            if (domain.Fault is { } refused) return refused;
            var changed = Changed(tx, new UserRow { Id = house.Kernel.Ids.Hex(), DomainId = domain.Value, Enabled = true }, wish);
            if (changed.Fault is { } bad) return bad;
            var made = hashed.Value is null ? changed.Value : Stamped(tx, changed.Value, isOwn: false);
            return UserStore.Insert(tx, made, hashed.Value) ? Room.Written(tx, house, made, Change.Created) : Taken(made);
        }, stop);
    }

    public async Task<Outcome<UserRow>> Update(AccessGrant access, string id, UserWrite wish, CancellationToken stop)
    {
        var hashed = await Hashed(wish.Password, stop);
        if (hashed.Fault is { } wrong) return wrong;
        return await house.Kernel.Queue.Write<UserRow>("user.update", access.Origin, tx =>
        {
            var found = Find(tx, access, "update", id);
            if (found.Fault is { } missing) return missing;
            if (Guard.Moved(wish.DomainId, found.Value.DomainId) is { } moved) return moved;
            var changed = Changed(tx, found.Value, wish);
            if (changed.Fault is { } bad) return bad;
            var after = changed.Value;
            if (hashed.Value is not null || (found.Value.Enabled && !after.Enabled)) after = after with { RevokedBefore = tx.Now };
            if (hashed.Value is not null)
            {
                after = Stamped(tx, after, isOwn: false);
                policy.Remember(tx, id, UserStore.Password(tx, id));
                PasswordPolicy.Succeeded(tx, id);
            }

            return UserStore.Update(tx, after, hashed.Value) ? Room.Written(tx, house, after, Change.Updated) : Taken(after);
        }, stop);
    }

    /// <summary>Changes the password of whoever knows the old one; all tokens of the user are void afterwards.</summary>
    public async Task<Outcome<Done>> ChangePassword(Origin origin, string id, PasswordWrite wish, CancellationToken stop)
    {
        if ((policy.Check(wish.Password) ?? Passwords.Check(wish.OriginalPassword)) is { } bad) return bad;
        var user = house.Model.Users.Find(id);
        var login = user is null ? null : house.Kernel.Database.Read(session => PasswordPolicy.Login(session, user.Id));
        var now = house.Kernel.Clock.Now();
        var isLocked = login is not null && policy.IsLocked(login, now);
        var verified = await passwords.Verify(wish.OriginalPassword, login?.Password, stop);
        if (verified.Fault is { } busy) return busy;
        if (!verified.Value || isLocked || user is not { Enabled: true }) return new Fault.Unauthorized("The request you have made requires authentication.");
        if (wish.Password.Length == 0) return new Fault.Invalid("password", "Invalid input for field 'password': a password is not empty.");
        if (await policy.CheckChange(house.Kernel.Database, id, login!, wish.Password, now, stop) is { } refused) return refused;
        var hashed = await passwords.Hash(wish.Password, stop);
        if (hashed.Fault is { } overload) return overload;
        return await house.Kernel.Queue.Write<Done>("user.password", origin with { ActorId = id }, tx =>
        {
            // Who changed it in the meantime wins: the old password is not the right one any more.
            if (UserStore.Find(tx, id) is not { } row || UserStore.Password(tx, id) != login!.Password) return new Fault.Conflict("The password was changed meanwhile.");
            var after = Stamped(tx, row with { RevokedBefore = tx.Now }, isOwn: true);
            policy.Remember(tx, id, login.Password);
            UserStore.Update(tx, after, hashed.Value);
            Room.Written(tx, house, after, Change.Updated);
            return Done.Value;
        }, stop);
    }

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("user.delete", access.Origin, tx =>
        {
            var found = Find(tx, access, "delete", id);
            if (found.Fault is { } missing) return missing;
            Remove(tx, found.Value);
            return Done.Value;
        }, stop);

    /// <summary>Removes a user with its assignments, memberships and credentials, inside the caller's transaction.</summary>
    public void Remove(Tx tx, UserRow row)
    {
        AssignmentCleaning.OfActor(tx, house, row.Id);
        CredentialCleaning.OfUser(tx, house, row.Id);
        UserCredentialService.OfUser(tx, house, row.Id);
        TrustService.Remove(tx, house, TrustStore.OfUser(tx, row.Id));
        AccessTokens.AccessTokenService.Of(tx, house, "user_id", row.Id);
        UserStore.Delete(tx, row.Id);
        Room.Record(tx, house, row, Change.Deleted);
        tx.Model(house, model =>
        {
            foreach (var group in model.GroupsOf(row.Id)) model.RemoveMember(group, row.Id);
            model.Users.Remove(row.Id);
        });
    }

    private static Outcome<UserRow> Find(Session session, AccessGrant access, string verb, string id) =>
        Room.Reached(session, access, verb, id, row => access.Covers(null, row.DomainId, row.Id));

    private async Task<Outcome<string?>> Hashed(string? password, CancellationToken stop)
    {
        if (policy.Check(password) is { } bad) return bad;
        if (password is null) return Outcome.Of<string?>(null);
        return (await passwords.Hash(password, stop)).Map<string?>(hash => hash);
    }

    /// <summary>The row with a password that is set now.</summary>
    private UserRow Stamped(Tx tx, UserRow row, bool isOwn) =>
        row with { PasswordCreatedAt = tx.Now, PasswordExpiresAt = policy.ExpiryOf(tx.Now, row.Options, isOwn) };

    private static Outcome<UserRow> Changed(Tx tx, UserRow row, UserWrite wish)
    {
        if (UserOptions.Check(wish.Options) is { } badOption) return badOption;
        if (Members.CheckText("default_project_id", wish.DefaultProjectId.Value, Members.ShortNameMax) is { } badProject) return badProject;
        if (wish.DefaultProjectId.Value is { } projectId && DomainStore.Find(tx, projectId) is not null)
        {
            return new Fault.Invalid("default_project_id", "User's default project ID cannot be a domain ID.");
        }

        return Members
            .Merge(new(row.Name, row.Extra, row.Options), Members.NameMax, wish.Name, description: null, wish.Others, wish.Options)
            .Map(kept => row with
            {
                Name = kept.Name,
                Enabled = wish.Enabled ?? row.Enabled,
                DefaultProjectId = wish.DefaultProjectId.Or(row.DefaultProjectId),
                Extra = kept.Extra,
                Options = kept.Options,
            });
    }

    private static Fault.Conflict Taken(UserRow row) =>
        new($"Conflict occurred attempting to store user - Duplicate entry found with name {row.Name} at domain ID {row.DomainId}.");
}
