using System.Globalization;
using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Model;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Trusts;

/// <summary>A trust with its roles.</summary>
internal sealed record TrustShown(TrustRow Row, List<RoleRow> Roles);

internal sealed class TrustService(House house, CredentialService credentials)
{
    public static readonly Room<TrustRow, TrustView> Room = new(
        "trust", TrustStore.Shape, TrustStore.Find, (row, house, _) => TrustView.From(row, house), TrustJson.Wire.TrustView, _ => null, (_, _) => { })
    {
        Prefix = "/OS-TRUST",
    };

    /// <summary>The two users of a trust see it; one that is over is not there.</summary>
    public Outcome<TrustShown> Show(AccessGrant access, string rule, string id) => house.Kernel.Database.Read(session =>
        Found(session, access, rule, id, trustorOnly: false).Map(row => new TrustShown(row, RoleStore.FindAll(session, TrustStore.Roles(session, id)))));

    public Outcome<Page<TrustRow>> List(AccessGrant access, ListRequest request, string? trustor, string? trustee)
    {
        if (!access.Everything && access.Caller.UserId != (trustor ?? trustee)) return Guard.Refusal("identity:list_trusts");
        return Room.Page(house, request.Where("t.remaining_uses <> 0").Where("t.expires_at = 0 OR t.expires_at > @value", house.Kernel.Clock.Now()));
    }

    public Task<Outcome<TrustShown>> Create(AccessGrant access, TrustWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<TrustShown>("trust.create", access.Origin, tx =>
        {
            var caller = access.Caller;
            if (caller.UserId != wish.TrustorUserId) return new Fault.Forbidden("The authenticated user should match the trustor");
            if (caller.TrustId is null && credentials.IsRestricted(caller)) return Guard.Refusal("identity:create_trust");
            if (UserStore.Find(tx, wish.TrusteeUserId) is null) return new Fault.NotFound("user", wish.TrusteeUserId);
            var fresh = Fresh(wish);
            if (fresh.Fault is { } wrong) return wrong;
            var roles = Chosen(tx, wish);
            if (roles.Fault is { } badRole) return badRole;
            var source = house.Model.Trust(caller.TrustId);
            if (caller.TrustId is not null && source is null) return Guard.Refusal("identity:create_trust");
            var row = source is null ? fresh : Redelegated(tx, fresh.Value, source, roles.Value, wish);
            if (row.Fault is { } refused) return refused;
            if (Lacking(row.Value, source, roles.Value) is { } missing) return new Fault.NotFound("role", missing.Id);
            string[] ids = [.. roles.Value.Select(role => role.Id)];
            TrustStore.Insert(tx, row.Value, ids);
            Recorded(tx, row.Value, ids, Change.Created);
            tx.Model(house, model => model.PutTrust(row.Value.Entry(ids)));
            return new TrustShown(row.Value, roles.Value);
        }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("trust.delete", access.Origin, tx =>
        {
            var found = Found(tx, access, "identity:delete_trust", id, trustorOnly: true);
            if (found.Fault is { } missing) return missing;
            if (credentials.IsRestricted(access.Caller)) return Guard.Refusal("identity:delete_trust");
            Remove(tx, house, [found.Value]);
            return Done.Value;
        }, stop);

    /// <summary>Takes one use of a trust whose uses are counted.</summary>
    public Task<Outcome<Done>> Use(Origin origin, TrustEntry trust, CancellationToken stop) => trust.RemainingUses == TrustRow.Unlimited
        ? Task.FromResult<Outcome<Done>>(Done.Value)
        : house.Kernel.Queue.Write<Done>("trust.use", origin, tx =>
        {
            if (!TrustStore.Use(tx, trust.Id)) return new Fault.Forbidden($"No remaining uses for trust: {trust.Id}");
            var left = TrustStore.Find(tx, trust.Id)!.RemainingUses;
            tx.Model(house, model => model.PutTrust(trust with { RemainingUses = left }));
            return Done.Value;
        }, stop);

    /// <summary>Trusts that go with their user, project or role, and all that was lent on from them.</summary>
    public static void Remove(Tx tx, House house, List<TrustRow> rows)
    {
        foreach (var row in rows)
        {
            // What was lent on went with its source.
            if (TrustStore.Find(tx, row.Id) is null) continue;
            Remove(tx, house, TrustStore.Of(tx, row.Id));
            var roles = TrustStore.Roles(tx, row.Id);
            TrustStore.Delete(tx, row.Id);
            Recorded(tx, row, roles, Change.Deleted);
            tx.Model(house, model => model.RemoveTrust(row.Id));
        }
    }

    private Outcome<TrustRow> Found(Session session, AccessGrant access, string rule, string id, bool trustorOnly)
    {
        if (TrustStore.Find(session, id) is not { } row || row.IsOver(house.Kernel.Clock.Now())) return new Fault.NotFound("trust", id);
        var isMine = access.Covers(null, null, row.TrustorUserId) || (!trustorOnly && access.Covers(null, null, row.TrusteeUserId));
        return isMine ? row : Guard.Refusal(rule);
    }

    private Outcome<TrustRow> Fresh(TrustWrite wish)
    {
        var expires = 0L;
        if (wish.ExpiresAt is not null)
        {
            if (!DateTimeOffset.TryParse(wish.ExpiresAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            {
                return new Fault.Invalid("expires_at", $"Unable to parse date '{wish.ExpiresAt}'.");
            }

            expires = Micros.Of(at);
            if (expires <= house.Kernel.Clock.Now()) return new Fault.Invalid("expires_at", "Unable to create a trust that has expired.");
        }

        var isRedelegatable = wish.AllowRedelegation == true && wish.RedelegationCount != 0;
        if (wish.RemainingUses is <= 0) return new Fault.Invalid("remaining_uses", "remaining_uses must be a positive integer or null.");
        if (isRedelegatable && wish.RemainingUses is not null)
        {
            return new Fault.Invalid("remaining_uses", "remaining_uses must not be set if redelegation is allowed.");
        }

        if (wish.RedelegationCount is < 0) return new Fault.Invalid("redelegation_count", "redelegation_count is not negative.");
        if (isRedelegatable && wish.RedelegationCount > TrustRow.RedelegationsMax)
        {
            return new Fault.Forbidden($"Requested redelegation depth of {wish.RedelegationCount} is greater than allowed {TrustRow.RedelegationsMax}");
        }

        return new TrustRow
        {
            Id = house.Kernel.Ids.Hex(), TrustorUserId = wish.TrustorUserId, TrusteeUserId = wish.TrusteeUserId, ProjectId = wish.ProjectId,
            Impersonation = wish.Impersonation, ExpiresAt = expires, RemainingUses = wish.RemainingUses ?? TrustRow.Unlimited,
            RedelegationCount = isRedelegatable ? wish.RedelegationCount ?? TrustRow.RedelegationsMax : 0,
        };
    }

    private static Outcome<List<RoleRow>> Chosen(Tx tx, TrustWrite wish)
    {
        var roles = new List<RoleRow>();
        if (wish.ProjectId is { } project && ProjectStore.Find(tx, project) is null) return new Fault.NotFound("project", project);
        if (wish.ProjectId is not null && wish.Roles is null or { Count: 0 }) return new Fault.Forbidden("At least one role should be specified");
        foreach (var choice in wish.Roles ?? [])
        {
            var role = choice.Id is { } id ? RoleStore.Find(tx, id) : RoleStore.FindGlobal(tx, choice.Name ?? "");
            if (role is null) return new Fault.NotFound("role", choice.Id ?? choice.Name ?? "");
            if (!roles.Exists(other => other.Id == role.Id)) roles.Add(role);
        }

        return roles;
    }

    /// <summary>A trust made with a token of another one: never more than that one gives.</summary>
    private static Outcome<TrustRow> Redelegated(Tx tx, TrustRow row, TrustEntry source, List<RoleRow> roles, TrustWrite wish)
    {
        var from = TrustStore.Find(tx, source.Id);
        if (from is null || from.RedelegationCount is <= 0 or > TrustRow.RedelegationsMax)
        {
            return new Fault.Forbidden("Remaining redelegation depth of 0 out of allowed range.");
        }

        if (row.RemainingUses != TrustRow.Unlimited)
        {
            return new Fault.Forbidden("Field \"remaining_uses\" is set while it must not be set in order to redelegate a trust");
        }

        var left = from.RedelegationCount - 1;
        if (wish.AllowRedelegation == true && wish.RedelegationCount is { } asked && asked != 0 && asked != left)
        {
            return new Fault.Forbidden("Modifying \"redelegation_count\" upon redelegation is forbidden. Omitting this parameter is advised.");
        }

        if (row.ProjectId != source.ProjectId) return new Fault.Forbidden("A redelegated trust is for the project of the first one.");
        if (from.ExpiresAt != 0 && row.ExpiresAt > from.ExpiresAt)
        {
            return new Fault.Forbidden("Requested expiration time is more than redelegated trust can provide");
        }

        if (roles.Exists(role => !source.RoleIds.Contains(role.Id))) return new Fault.Forbidden("Some of requested roles are not in redelegated trust");
        if (!from.Impersonation && row.Impersonation)
        {
            return new Fault.Forbidden("Impersonation is not allowed because redelegated trust does not specify impersonation.");
        }

        return row with
        {
            RedelegatedTrustId = from.Id,
            ExpiresAt = row.ExpiresAt == 0 ? from.ExpiresAt : row.ExpiresAt,
            RedelegationCount = wish.AllowRedelegation == true ? left : 0,
        };
    }

    /// <summary>A role that the first trustor does not have on the project; null when it has all.</summary>
    private RoleRow? Lacking(TrustRow row, TrustEntry? source, List<RoleRow> roles)
    {
        if (row.ProjectId is null) return null;
        var first = source is null ? row.TrustorUserId : house.Model.FirstTrustor(source);
        var held = house.Model.EffectiveRoles(first, ScopeKind.Project, row.ProjectId);
        return roles.Find(role => !held.Exists(other => other.Id == role.Id));
    }

    private static void Recorded(Tx tx, TrustRow row, IReadOnlyList<string> roleIds, Change change) => tx.Record(
        "trust", row.Id, row.ProjectId, change,
        new TrustDocument(row.Id, row.TrustorUserId, row.TrusteeUserId, row.ProjectId, row.Impersonation, row.ExpiresAt, roleIds),
        TrustJson.Wire.TrustDocument);
}
