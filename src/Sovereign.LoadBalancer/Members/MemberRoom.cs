using System.Globalization;
using System.Net;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;
using Sovereign.Network;

namespace Sovereign.LoadBalancer.Members;

/// <summary>Members: servers behind a pool.</summary>
internal sealed class MemberRoom(IBalancerPorts ports) : Room<MemberWish, MemberView>(
    Kinds.Member, "members", "/lbaas/pools/{parent}/members",
    TreeStore.Parts("protocol", new("address", "p.address", Nullable: true), new("protocol_port", "p.port", ColumnKind.Number, Nullable: true)),
    BalancerJson.Wire.MemberWish, BalancerJson.Wire.MemberView)
{
    public const int WeightMax = 256;

    public override string ParentKind => Kinds.Pool;

    public override Outcome<(string Kind, string Id)> Above(MemberWish wish, string? parentId) => (Kinds.Pool, parentId!);

    public override Outcome<PartRow> Make(TreeWork work, string aboveId, MemberWish wish)
    {
        if (Checks.First(
            Checks.Given("address", wish.Address.Value is not null), Checks.Given("protocol_port", wish.ProtocolPort.Value is not null),
            Checks.Address("address", wish.Address.Value), Checks.Port("protocol_port", wish.ProtocolPort)) is { } wrong) return wrong;
        var address = IPAddress.Parse(wish.Address.Value!);
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6Multicast || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
            || address.ToString().StartsWith("169.254.", StringComparison.Ordinal))
        {
            return Faults.Validation($"Member address {address} is not one that a load balancer may reach.");
        }

        if (wish.SubnetId.Value is { } subnet && !ports.SeesSubnet(work.Tx, work.Access, subnet)) return new Fault.NotFound("Subnet", subnet);
        if (Same(work.Tree, aboveId, address.ToString(), wish.ProtocolPort.Value) is not null)
        {
            return Faults.Exists(string.Create(CultureInfo.InvariantCulture,
                $"Another member on this pool is already using ip {address} on protocol_port {wish.ProtocolPort.Value}"));
        }

        var row = new PartRow { Kind = Kind, ParentId = aboveId, Address = address.ToString(), Port = wish.ProtocolPort.Value };
        return Fill(row, new MemberView { SubnetId = wish.SubnetId.Value }, wish).Then(work.Add);
    }

    public override Outcome<PartRow> Change(TreeWork work, PartRow old, MemberWish wish)
    {
        if (wish.Address.Given) return Faults.Unchangeable("address");
        if (wish.ProtocolPort.Given) return Faults.Unchangeable("protocol_port");
        return wish.SubnetId.Given ? Faults.Unchangeable("subnet_id") : Fill(old, Spec(old), wish).Map(work.Save);
    }

    /// <summary>The pool has these members afterwards: what is there already is changed, what is not named goes.</summary>
    /// <param name="additive">True: nothing goes.</param>
    public Fault? Replace(TreeWork work, string poolId, IReadOnlyList<MemberWish> wishes, bool additive)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var wish in wishes)
        {
            var address = wish.Address.Value is { } text && IPAddress.TryParse(text, out var parsed) ? parsed.ToString() : null;
            if (Same(work.Tree, poolId, address, wish.ProtocolPort.Value) is { } known)
            {
                if (!named.Add(known.Id)) return Faults.Validation("A member is named twice.");
                var changed = Change(work, known, wish with { Address = default, ProtocolPort = default, SubnetId = default });
                if (changed.Fault is { } refused) return refused;
                continue;
            }

            var made = Make(work, poolId, wish);
            if (made.Fault is { } wrong) return wrong;
            named.Add(made.Value.Id);
        }

        if (additive) return null;
        foreach (var gone in work.Tree.Of(Kind, poolId).Where(member => !named.Contains(member.Id) && !member.Going).ToList()) work.Drop(gone);
        return null;
    }

    protected override void Relate(MemberView view, Tree tree, PartRow row) => (view.Address, view.ProtocolPort) = (row.Address!, row.Port ?? 0);

    private PartRow? Same(Tree tree, string poolId, string? address, long? port) =>
        tree.Of(Kind, poolId).FirstOrDefault(member => member.Address == address && member.Port == port);

    private Outcome<PartRow> Fill(PartRow row, MemberView spec, MemberWish wish)
    {
        if (wish.RequestSriov.Value == true) return Faults.Unsupported("request_sriov");
        if (Checks.First(
            wish.Check(), Checks.Number("weight", wish.Weight, 0, WeightMax), Checks.Port("monitor_port", wish.MonitorPort),
            Checks.Address("monitor_address", wish.MonitorAddress.Value)) is { } wrong) return wrong;
        spec.Weight = wish.Weight.Or(spec.Weight) ?? 1;
        spec.Backup = wish.Backup.Or(spec.Backup) ?? false;
        spec.MonitorAddress = wish.MonitorAddress.Or(spec.MonitorAddress);
        spec.MonitorPort = wish.MonitorPort.Or(spec.MonitorPort);
        return With(wish.Onto(row), spec);
    }
}
