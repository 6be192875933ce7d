using System.Text.Json;
using Sovereign.Compute.Limits;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Groups;

/// <summary>Server groups: made and removed by users, joined by new servers, asked by the scheduler.</summary>
internal sealed class GroupService(KernelServices kernel)
{
    private const int NameLengthMax = 255;
    private const string MaxRule = "max_server_per_host";

    public Outcome<GroupRow> Find(AccessGrant access, string id) =>
        kernel.Database.Read(session => GroupStore.Find(session, id)) is { } row && access.Covers(row.ProjectId) ? row : Missing(id);

    public List<GroupRow> List(string? project, int limit, int offset) =>
        kernel.Database.Read(session => GroupStore.List(session, project, limit, offset));

    public List<string> Members(string id) => kernel.Database.Read(session => GroupStore.Members(session, id));

    /// <summary>The group that a server is in.</summary>
    public string? Of(string serverId) => kernel.Database.Read(session => GroupStore.Of(session, serverId));

    public Task<Outcome<GroupRow>> Create(AccessGrant access, GroupCreate asked, Microversion version, CancellationToken stop)
    {
        if (access.Caller.ProjectId is null) return Task.FromResult<Outcome<GroupRow>>(new Fault.Forbidden("Server groups belong to projects."));
        var wish = Wish(asked, version);
        if (wish.Fault is { } wrong) return Task.FromResult<Outcome<GroupRow>>(wrong);
        return kernel.Queue.Write<GroupRow>(
            "server-group.create",
            access.Origin,
            tx =>
            {
                if (UserQuotas.Over(tx, access.ProjectId, access.Caller.UserId, ("server_groups", 1)) is not null
                    || !kernel.Quotas.Take(tx, ComputeQuotas.Service, "server_groups", access.ProjectId, 1).Ok)
                {
                    return new Fault.Forbidden("Quota exceeded, too many server groups.");
                }

                var row = wish.Value with { Id = kernel.Ids.Uuid(), ProjectId = access.ProjectId, UserId = access.Caller.UserId, CreatedAt = tx.Now };
                GroupStore.Insert(tx, row);
                tx.Record("server-group", row.Id, row.ProjectId, Change.Created, row, GroupJson.Wire.GroupRow);
                return row;
            },
            stop);
    }

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "server-group.delete",
        access.Origin,
        tx =>
        {
            if (GroupStore.Find(tx, id) is not { } row || !access.Covers(row.ProjectId)) return Missing(id);
            GroupStore.Delete(tx, id);
            kernel.Quotas.Give(tx, ComputeQuotas.Service, "server_groups", row.ProjectId, 1);
            tx.Record("server-group", id, row.ProjectId, Change.Deleted, row, GroupJson.Wire.GroupRow);
            return Done.Value;
        },
        stop);

    /// <summary>Makes a new server a member; null when it is one, or wants no group.</summary>
    public Fault? Join(Tx tx, AccessGrant access, string serverId, string? id)
    {
        if (id is null) return null;
        if (GroupStore.Find(tx, id) is not { } row || !access.Covers(row.ProjectId)) return new Fault.Invalid("group", Missing(id).Message);
        var max = kernel.Quotas.Limit(tx, ComputeQuotas.Service, "server_group_members", row.ProjectId);
        if (max >= 0 && GroupStore.Members(tx, id).Count >= max) return new Fault.Forbidden("Quota exceeded, too many servers in group");
        GroupStore.Join(tx, id, serverId);
        return null;
    }

    /// <summary>What the scheduler has to keep for a server; null without a group.</summary>
    public static GroupRule? Rule(Session session, string serverId) =>
        GroupStore.Of(session, serverId) is { } id && GroupStore.Find(session, id) is { } group
            ? new GroupRule(group.Policy, group.MaxPerHost, GroupStore.ByNode(session, id))
            : null;

    private static Fault Missing(string id) => Wire.NotFound($"Instance group {id} could not be found.");

    private static Outcome<GroupRow> Wish(GroupCreate asked, Microversion version)
    {
        if (asked.Name.Length is 0 or > NameLengthMax || asked.Name.Trim() != asked.Name || asked.Name.Any(char.IsControl))
        {
            return new Fault.Invalid("name", "Invalid input for field/attribute name. A name has 1 to 255 printable characters, without spaces around it.");
        }

        var newer = version.Has(64);
        if (newer && asked.Policies is not null) return Wire.Unexpected("policies");
        if (!newer && asked.Policy is not null) return Wire.Unexpected("policy");
        if (!newer && asked.Rules is not null) return Wire.Unexpected("rules");
        if (!newer && asked.Policies is { Count: not 1 }) return new Fault.Invalid("policies", "Invalid input for field/attribute policies. It names one policy.");
        var policy = newer ? asked.Policy : asked.Policies?[0];
        if (policy is null || !GroupPolicies.Known(policy, version.Has(15)))
        {
            return new Fault.Invalid("policy", "Invalid input for field/attribute policy. It is affinity or anti-affinity, from 2.15 on also soft.");
        }

        return Max(asked.Rules ?? []).Then<GroupRow>(max => max is not null && policy != GroupPolicies.AntiAffinity
            ? new Fault.Invalid("rules", "Only anti-affinity policy supports rules.")
            : new GroupRow { Name = asked.Name, Policy = policy, MaxPerHost = max });
    }

    private static Outcome<long?> Max(Dictionary<string, JsonElement> rules)
    {
        if (rules.Keys.FirstOrDefault(name => name != MaxRule) is { } unknown) return Wire.Unexpected(unknown);
        if (!rules.TryGetValue(MaxRule, out var value)) return (long?)null;
        return long.TryParse(value.ToString(), out var max) && max is > 0 and <= int.MaxValue
            ? max
            : new Fault.Invalid(MaxRule, $"Invalid input for field/attribute {MaxRule}. It is a positive number.");
    }
}
