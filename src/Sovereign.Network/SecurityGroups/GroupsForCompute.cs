using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.SecurityGroups;

/// <summary>Security groups as compute's old routes need them.</summary>
internal sealed class GroupsForCompute(KernelServices kernel, SecurityGroupService groups, RuleService rules) : ISecurityGroups
{
    public async Task<IReadOnlyList<SecurityGroupInfo>> List(AccessGrant access, bool everyProject, long offset, long limit, CancellationToken stop)
    {
        await groups.EnsureDefault(access, stop);
        var project = everyProject && access.Everything ? null : access.Caller.ProjectId ?? "";
        return kernel.Database.Read(session => Infos(session, GroupStore.Some(session, project, offset, limit)));
    }

    public Outcome<SecurityGroupInfo> Show(Session session, AccessGrant access, string id) =>
        SecurityGroupService.Room.Visible(session, access, id).Map(row => Infos(session, [row])[0]);

    public IReadOnlyList<SecurityGroupInfo> Of(Session session, IReadOnlyCollection<string> ids) =>
        Infos(session, [.. GroupStore.ById(session, ids).Values.OrderBy(row => row.CreatedAt).ThenBy(row => row.Id, StringComparer.Ordinal)]);

    public Outcome<SecurityGroupInfo> Create(Tx tx, AccessGrant access, string name, string description) =>
        groups.Create(tx, access, new GroupWish { Name = new Optional<string>(true, name), Description = new Optional<string>(true, description) })
            .Map(row => Infos(tx, [row])[0]);

    public Outcome<SecurityGroupInfo> Update(Tx tx, AccessGrant access, string id, string? name, string? description)
    {
        var wish = new GroupWish { Name = new Optional<string>(name is not null, name), Description = new Optional<string>(description is not null, description) };
        return SecurityGroupService.Room.Owned(tx, access, id, "update_security_group")
            .Then(row => groups.Update(tx, access, row, wish)).Map(row => Infos(tx, [row])[0]);
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, string id) =>
        SecurityGroupService.Room.Owned(tx, access, id, "delete_security_group").Then(row => groups.Delete(tx, access, row));

    public Outcome<SecurityRuleInfo> AddRule(
        Tx tx, AccessGrant access, string groupId, string? protocol, long? portMin, long? portMax, string? cidr, string? remoteGroupId)
    {
        var wish = new RuleWish
        {
            SecurityGroupId = new Optional<string>(true, groupId),
            Direction = new Optional<string>(true, Directions.Ingress),
            Ethertype = new Optional<string>(true, cidr?.Contains(':', StringComparison.Ordinal) == true ? Ethertypes.Ipv6 : Ethertypes.Ipv4),
            Protocol = protocol is null ? null : JsonSerializer.SerializeToElement(protocol, NetworkJson.Wire.String),
            PortRangeMin = new Optional<long?>(true, portMin),
            PortRangeMax = new Optional<long?>(true, portMax),
            RemoteIpPrefix = new Optional<string>(true, cidr),
            RemoteGroupId = new Optional<string>(true, remoteGroupId),
        };
        return rules.Create(tx, access, wish).Map(row => Info(row, row.RemoteGroupId is { } remote ? GroupStore.Find(tx, remote) : null));
    }

    public Outcome<Done> RemoveRule(Tx tx, AccessGrant access, string ruleId) =>
        RuleService.Room.Owned(tx, access, ruleId, "delete_security_group_rule").Then(row => rules.Delete(tx, access, row));

    private static List<SecurityGroupInfo> Infos(Session session, IReadOnlyList<GroupRow> rows)
    {
        var of = GroupStore.Rules(session, rows.Select(row => row.Id).ToList());
        var incoming = rows.SelectMany(row => of[row.Id]).Where(rule => rule.Direction == Directions.Ingress).ToList();
        var remote = GroupStore.ById(session, incoming.Select(rule => rule.RemoteGroupId).OfType<string>().Distinct().ToList());
        var shown = incoming.ToLookup(rule => rule.GroupId, StringComparer.Ordinal);
        return rows.Select(row => new SecurityGroupInfo(
            row.Id, row.ProjectId, row.Name, row.Description,
            shown[row.Id].Select(rule => Info(rule, rule.RemoteGroupId is { } id ? remote.GetValueOrDefault(id) : null)).ToList())).ToList();
    }

    private static SecurityRuleInfo Info(RuleRow row, GroupRow? remote) => new(
        row.Id, row.GroupId, row.Protocol, row.PortMin, row.PortMax,
        row.RemoteGroupId is not null ? null : row.RemoteCidr ?? (row.Ethertype == Ethertypes.Ipv6 ? "::/0" : "0.0.0.0/0"),
        remote is null ? null : (remote.ProjectId, remote.Name));
}
