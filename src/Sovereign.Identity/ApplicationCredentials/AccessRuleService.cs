using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.ApplicationCredentials;

/// <summary>Access rules of users. They come with credentials and outlive them until they are deleted.</summary>
internal sealed class AccessRuleService(House house, CredentialService credentials)
{
    private const int RulesMax = 100;
    private const int PathMax = 1_024;
    private static readonly HashSet<string> methods = new(StringComparer.Ordinal) { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

    public Outcome<Page<AccessRuleRow>> List(AccessGrant access, string userId, ListRequest request)
    {
        if (credentials.Refused(access, "identity:list_access_rules", userId) is { } refused) return refused;
        return house.Page<AccessRuleRow>(request.Where("r.user_id = @value", userId), "r.*");
    }

    public Outcome<AccessRuleRow> Show(AccessGrant access, string userId, string id)
    {
        if (credentials.Refused(access, "identity:get_access_rule", userId) is { } refused) return refused;
        return house.Kernel.Database.Read(session => Found(session, userId, id));
    }

    public Task<Outcome<Done>> Delete(AccessGrant access, string userId, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("access_rule.delete", access.Origin, tx =>
        {
            if (credentials.Refused(access, "identity:delete_access_rule", userId) is { } refused) return refused;
            if (credentials.IsRestricted(access.Caller)) return Guard.Refusal("identity:delete_access_rule");
            var found = Found(tx, userId, id);
            if (found.Fault is { } missing) return missing;
            if (AccessRuleStore.IsUsed(tx, id)) return new Fault.Forbidden($"Access rule {id} is in use by an application credential and can't be deleted.");
            AccessRuleStore.Delete(tx, id);
            Recorded(tx, house, found.Value, Change.Deleted);
            return Done.Value;
        }, stop);

    /// <summary>The rules that a credential is made with: known ones by id, others by their words, which are kept once for each user.</summary>
    public static Outcome<List<AccessRuleRow>> Chosen(Tx tx, House house, string userId, IReadOnlyList<AccessRuleWrite>? wishes)
    {
        var chosen = new List<AccessRuleRow>();
        if (wishes is null) return chosen;
        if (wishes.Count is 0 or > RulesMax) return new Fault.Invalid("access_rules", $"Invalid input for field 'access_rules': 1 to {RulesMax} rules.");
        foreach (var wish in wishes)
        {
            var rule = wish.Id is { } id ? Found(tx, userId, id) : Worded(tx, house, userId, wish);
            if (rule.Fault is { } wrong) return wrong;
            if (!chosen.Exists(other => other.Id == rule.Value.Id)) chosen.Add(rule.Value);
        }

        return chosen;
    }

    private static Outcome<AccessRuleRow> Worded(Tx tx, House house, string userId, AccessRuleWrite wish)
    {
        var row = new AccessRuleRow { UserId = userId, Service = wish.Service ?? "", Method = wish.Method ?? "", Path = wish.Path ?? "" };
        if (Members.CheckName("access_rules/service", row.Service, Members.NameMax) is { } badService) return badService;
        if (!methods.Contains(row.Method)) return new Fault.Invalid("access_rules/method", $"Invalid input for field 'access_rules/method': {row.Method}.");
        if (!row.Path.StartsWith('/') || row.Path.Length > PathMax || row.Path.Any(char.IsControl))
        {
            return new Fault.Invalid("access_rules/path", $"Invalid input for field 'access_rules/path': a path of at most {PathMax} characters, from '/' on.");
        }

        if (AccessRuleStore.Like(tx, row) is { } known) return known;
        var made = row with { Id = house.Kernel.Ids.Hex() };
        AccessRuleStore.Insert(tx, made);
        Recorded(tx, house, made, Change.Created);
        return made;
    }

    private static Outcome<AccessRuleRow> Found(Session session, string userId, string id) =>
        AccessRuleStore.Find(session, id) is { } row && row.UserId == userId ? row : new Fault.NotFound("Access Rule", id);

    private static void Recorded(Tx tx, House house, AccessRuleRow row, Change change) => tx.Record(
        "access_rule", row.Id, house.Model.Users.Find(row.UserId)?.DomainId, change, AccessRuleView.From(row, house), CredentialJson.Wire.AccessRuleView);
}
