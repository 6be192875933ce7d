using System.Globalization;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.ApplicationCredentials;

internal sealed record CredentialShown(CredentialRow Row, IReadOnlyList<RoleRow> Roles, IReadOnlyList<CallRule> Rules, string? Secret = null);

internal sealed class CredentialService(House house, Secrets secrets)
{
    public Outcome<CredentialShown> Show(AccessGrant access, string userId, string id)
    {
        if (Refused(access, "identity:get_application_credential", userId) is { } refused) return refused;
        return house.Kernel.Database.Read<Outcome<CredentialShown>>(session =>
            CredentialStore.Find(session, id) is { } row && row.UserId == userId ? Shown(session, [row])[0] : Missing(id));
    }

    public Outcome<Page<CredentialShown>> List(AccessGrant access, string userId, ListRequest request)
    {
        if (Refused(access, "identity:list_application_credentials", userId) is { } refused) return refused;
        return house.Kernel.Database.Read(session => ListSql.Page<CredentialRow>(session, request.Where("a.user_id = @value", userId), "a.*")
            .Map(page => new Page<CredentialShown>(Shown(session, page.Items), page.More)));
    }

    /// <summary>Makes a credential of the caller's own user on the project of its token, with all or some of the token's roles.</summary>
    public Task<Outcome<CredentialShown>> Create(AccessGrant access, string userId, CredentialWrite wish, CancellationToken stop)
    {
        var caller = access.Caller;
        if (caller.UserId != userId || IsRestricted(caller)) return Refuse("identity:create_application_credential");
        if (caller.ProjectId is not { } projectId)
        {
            return Task.FromResult<Outcome<CredentialShown>>(new Fault.Invalid("", "An application credential is made with a token that is scoped to a project."));
        }

        var secret = wish.Secret ?? secrets.New();
        var checkedWish = Check(wish, secret);
        if (checkedWish.Fault is { } wrong) return Task.FromResult<Outcome<CredentialShown>>(wrong);
        var row = new CredentialRow
        {
            UserId = userId, ProjectId = projectId, Name = wish.Name, Description = wish.Description, Secret = secrets.Hash(secret),
            ExpiresAt = checkedWish.Value, Unrestricted = wish.Unrestricted ?? false,
        };
        return house.Kernel.Queue.Write<CredentialShown>("application_credential.create", access.Origin, tx =>
        {
            if (UserStore.Find(tx, userId) is not { } user) return new Fault.NotFound("user", userId);
            var roles = Chosen(tx, caller, wish.Roles);
            if (roles.Fault is { } bad) return bad;
            var made = row with { Id = house.Kernel.Ids.Hex() };
            string[] ids = [.. roles.Value.Select(role => role.Id)];
            if (!CredentialStore.Insert(tx, made, ids))
            {
                return new Fault.Conflict(
                    $"Conflict occurred attempting to store application_credential - Duplicate entry found with name {wish.Name}.");
            }

            var bound = AccessRuleService.Chosen(tx, house, userId, wish.AccessRules);
            if (bound.Fault is { } badRule) return badRule;
            foreach (var rule in bound.Value) AccessRuleStore.Bind(tx, made.Id, rule.Id);
            List<CallRule> rules = bound.Value.ConvertAll(rule => rule.Rule);

            tx.Record(
                "application_credential", made.Id, user.DomainId, Kernel.Journal.Change.Created, CredentialDocument.From(made, ids),
                CredentialJson.Wire.CredentialDocument);
            tx.Model(house, model => model.PutCredential(CredentialStore.Entry(made, ids, rules)));
            return new CredentialShown(made, roles.Value, rules, secret);
        }, stop);

        static Task<Outcome<CredentialShown>> Refuse(string rule) => Task.FromResult<Outcome<CredentialShown>>(Guard.Refusal(rule));
    }

    public Task<Outcome<Done>> Delete(AccessGrant access, string userId, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("application_credential.delete", access.Origin, tx =>
        {
            if (Refused(access, "identity:delete_application_credential", userId) is { } refused) return refused;
            if (IsRestricted(access.Caller)) return Guard.Refusal("identity:delete_application_credential");
            if (CredentialStore.Find(tx, id) is not { } row || row.UserId != userId) return Missing(id);
            CredentialCleaning.Remove(tx, house, [row]);
            return Done.Value;
        }, stop);

    /// <summary>The user's own things, or everything for who may see it; a fault for all others.</summary>
    public Fault? Refused(AccessGrant access, string rule, string userId)
    {
        if (!access.Covers(null, null, userId)) return Guard.Refusal(rule);
        return house.Model.Users.Find(userId) is null ? new Fault.NotFound("user", userId) : null;
    }

    /// <summary>Tokens from restricted credentials, from trusts and from signatures may not make credentials that outlive them.</summary>
    public bool IsRestricted(Caller caller) => caller.TrustId is not null || caller.IsSigned()
        || (caller.ApplicationCredentialId is { } id && house.Model.Credential(id) is not { Unrestricted: true });

    private static Fault.NotFound Missing(string id) => new("Application Credential", id);

    /// <summary>Credentials with their roles and rules, in three queries however many they are.</summary>
    private static List<CredentialShown> Shown(Session session, IReadOnlyList<CredentialRow> rows)
    {
        var ids = rows.Select(row => row.Id).ToList();
        var roleIds = CredentialStore.Roles(session, ids);
        var roles = RoleStore.FindAll(session, roleIds.SelectMany(held => held).Distinct(StringComparer.Ordinal)).ToDictionary(role => role.Id, StringComparer.Ordinal);
        var rules = AccessRuleStore.Of(session, ids);
        return [.. rows.Select(row => new CredentialShown(
            row, [.. roleIds[row.Id].Where(roles.ContainsKey).Select(id => roles[id])], [.. rules[row.Id]]))];
    }

    /// <returns>When it expires, microseconds UTC; 0 for never.</returns>
    private Outcome<long> Check(CredentialWrite wish, string secret)
    {
        if (Members.CheckName("name", wish.Name, Members.NameMax) is { } badName) return badName;
        if (Members.CheckText("description", wish.Description) is { } badText) return badText;
        if (secret.Length is 0 or > Secrets.LengthMax) return new Fault.Invalid("secret", $"Invalid input for field 'secret': 1 to {Secrets.LengthMax} characters.");
        if (wish.ExpiresAt is null) return 0L;
        if (!DateTimeOffset.TryParse(wish.ExpiresAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return new Fault.Invalid("expires_at", $"Invalid input for field 'expires_at': '{wish.ExpiresAt}' is not a date-time.");
        }

        var micros = Micros.Of(at);
        return micros > house.Kernel.Clock.Now() ? micros : new Fault.Invalid("expires_at", "Invalid input for field 'expires_at': the time is past.");
    }

    private Outcome<List<RoleRow>> Chosen(Tx tx, Caller caller, IReadOnlyList<RoleChoice>? choices)
    {
        var held = house.Model.EffectiveRoles(caller.UserId, ScopeKind.Project, caller.ProjectId!).Where(role => caller.Roles.Contains(role.Name)).ToList();
        var chosen = new List<RoleRow>();
        foreach (var choice in choices ?? [.. held.Select(role => new RoleChoice(role.Id))])
        {
            var role = held.Find(r => choice.Id is not null ? r.Id == choice.Id : r.Name == choice.Name);
            if (role is null || RoleStore.Find(tx, role.Id) is not { } row)
            {
                return new Fault.Invalid("roles", "Invalid application credential: Could not find role assignment of a requested role for the user on the project.");
            }

            if (!chosen.Exists(other => other.Id == row.Id)) chosen.Add(row);
        }

        return chosen.Count > 0 ? chosen : new Fault.Invalid("roles", "Invalid application credential: it needs at least one role.");
    }
}
