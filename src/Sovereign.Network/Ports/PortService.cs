using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Networks;
using Sovereign.Network.Qos;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

internal sealed class PortService(KernelServices kernel, FabricPlan fabric, PortMaker ports, SecurityGroupService groups)
{
    public static readonly Room<PortRow, PortView> Room = new(
        Kinds.Port, "ports", "/v2.0/ports", PortStore.Shape, PortStore.Find, NetworkFaults.PortMissing, Views, NetworkJson.Wire.PortView)
    {
        Counted = row => row.ProjectId.Length > 0,
        ListedApart =
        [
            "p.project_id = @value",
            "p.network_id IN (SELECT id FROM networks WHERE project_id = @value) AND p.project_id < @value",
            "p.network_id IN (SELECT id FROM networks WHERE project_id = @value) AND p.project_id > @value",
        ],
        Sees = Reaches,
        Changes = Reaches,
    };

    /// <summary>Makes a port for its user inside a transaction: rights, address, groups (the project's default one when none is named).</summary>
    public Outcome<PortRow> Make(Tx tx, AccessGrant access, PortWish wish, Func<PortRow, PortRow>? adjust = null)
    {
        if (PortRules.Check(wish) is { } wrong) return wrong;
        if (wish.NetworkId.Or(null) is not { Length: > 0 } networkId) return new Fault.Invalid("network_id", "Failed to parse request. Required attribute 'network_id' not specified");
        if (NetworkStore.Find(tx, networkId) is not { } network || !NetworkService.Room.Sees(tx, access, network)) return NetworkFaults.NetworkMissing(networkId);
        if (!network.UsableBy(tx, access)) return NetworkFaults.NotAuthorized("create_port");
        if (!network.HasSegment) return NetworkFaults.NoSegment(networkId);
        if (PortRules.Rights(access, network, wish, "create_port") is { } forbidden) return forbidden;
        var project = Attributes.Project(access, "create_port", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var security = wish.PortSecurityEnabled.Or(network.PortSecurity) ?? true;
        var mac = wish.MacAddress.Or(null) is { } named ? Mac.Normalize(named)! : "";
        var row = new PortRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, NetworkId = networkId, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            Mac = mac, AdminStateUp = wish.AdminStateUp.OrTrue(), DeviceId = wish.DeviceId.Or("") ?? "", DeviceOwner = wish.DeviceOwner.Or("") ?? "",
            PortSecurity = security, HostId = wish.HostId.Or("") ?? "", DnsName = wish.DnsName.Or("") ?? "", DnsDomain = wish.DnsDomain.Or("") ?? "",
            DhcpOptions = DhcpOptions.Merged(new PortRow(), wish.ExtraDhcpOpts.Or(null)), BindingProfile = PortRules.Profile(wish.Profile.Or(null)),
        };
        var policy = QosPolicyService.Named(tx, access, wish.QosPolicyId, null);
        if (policy.Fault is { } noPolicy) return noPolicy;
        row = row with { QosPolicyId = policy.Value };
        var chosen = Groups(tx, access, row, wish, byDefault: security);
        if (chosen.Fault is { } noGroup) return noGroup;
        if (PortRules.Security(security, chosen.Value.Count > 0, wish.AllowedAddressPairs.Or(null) is { Count: > 0 }, creating: true) is { } insecure) return insecure;
        IReadOnlyList<AddressWish>? addresses = null;
        if (wish.FixedIps.Or(null) is { } fixedIps)
        {
            var asked = PortRules.FixedIps(fixedIps);
            if (asked.Fault is { } badAddress) return badAddress;
            addresses = asked.Value;
        }

        var pairs = PortRules.Pairs(wish.AllowedAddressPairs.Or(null), mac);
        if (pairs.Fault is { } badPair) return badPair;
        var made = ports.Make(tx, adjust?.Invoke(row) ?? row, addresses, chosen.Value, limited: true);
        if (made.Fault is { } refused || pairs.Value == "[]") return made;
        // Pairs without a MAC of their own get the port's, which is known only now.
        var port = made.Value with { AllowedPairs = PortRules.Pairs(wish.AllowedAddressPairs.Value, made.Value.Mac).Value };
        PortStore.Update(tx, port);
        return port;
    }

    public Outcome<PortRow> Create(Tx tx, AccessGrant access, PortWish wish) => Make(tx, access, wish).Map(port =>
    {
        DhcpPlacements.Begin(tx, fabric, port);
        return port;
    });

    public Outcome<Done> Delete(Tx tx, AccessGrant access, PortRow row)
    {
        if (Owners.IsService(row.DeviceOwner) || (row.DeviceOwner == Owners.Balancer && row.Attached))
        {
            return NetworkFaults.Conflict(
                "ServicePortInUse", $"Port {row.Id} cannot be deleted directly via the port API: has device owner {row.DeviceOwner}.");
        }

        ports.Remove(tx, row);
        fabric.NetworkChanged(tx, row.NetworkId);
        return Done.Value;
    }

    /// <summary>The owner of a network sees and changes all ports on it.</summary>
    private static bool Reaches(Session session, AccessGrant access, PortRow row) =>
        access.Covers(row.ProjectId) || NetworkStore.Find(session, row.NetworkId) is { } network && access.Covers(network.ProjectId);

    private static List<PortView> Views(Session session, IReadOnlyList<PortRow> rows, Viewer viewer)
    {
        if (rows.Count == 1)
        {
            // Every change of a port is recorded with its view: one statement reads all that it shows.
            var (own, groups, labels) = PortStore.Parts(session, rows[0].Id);
            return [rows[0].ToView(own, groups, labels, PortStore.Surroundings(session, [rows[0].NetworkId])(rows[0].NetworkId), viewer)];
        }

        var ids = rows.Select(row => row.Id).ToList();
        var (addresses, named) = (AddressStore.OfPorts(session, ids), PortStore.Groups(session, ids));
        var tags = TagStore.Of(session, Kinds.Port, ids);
        var around = PortStore.Surroundings(session, rows.Select(row => row.NetworkId).Distinct(StringComparer.Ordinal).ToList());
        return rows.Select(row => row.ToView(addresses[row.Id].ToList(), named[row.Id].ToList(), tags(row.Id), around(row.NetworkId), viewer)).ToList();
    }

    private Outcome<IReadOnlyList<string>> Groups(Tx tx, AccessGrant access, PortRow port, PortWish wish, bool byDefault)
    {
        if (!wish.SecurityGroups.Given || (wish.SecurityGroups.Value is null && byDefault))
        {
            return Outcome.Of<IReadOnlyList<string>>(byDefault ? [groups.EnsureDefault(tx, port.ProjectId).Id] : []);
        }

        var ids = new List<string>();
        foreach (var id in (wish.SecurityGroups.Value ?? []).Distinct(StringComparer.Ordinal))
        {
            var found = SecurityGroupService.Find(tx, access, port.ProjectId, id ?? "", byName: false);
            if (found.Fault is { } missing) return missing;
            ids.Add(found.Value);
        }

        return ids;
    }

    public Outcome<PortRow> Update(Tx tx, AccessGrant access, PortRow old, PortWish wish)
    {
        if (PortRules.Check(wish) is { } wrong) return wrong;
        if (wish.NetworkId.Given || wish.ProjectId.Given || wish.TenantId.Given) return new Fault.Invalid("network_id", "Cannot update read-only attribute network_id");
        if (PortRules.Rights(access, NetworkStore.Find(tx, old.NetworkId)!, wish, "update_port") is { } forbidden) return forbidden;
        if (Frozen(old, wish) is { } frozen) return frozen;
        var policy = QosPolicyService.Named(tx, access, wish.QosPolicyId, old.QosPolicyId);
        if (policy.Fault is { } noPolicy) return noPolicy;
        var row = old with
        {
            QosPolicyId = policy.Value,
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description) ?? "",
            AdminStateUp = wish.AdminStateUp.Or(old.AdminStateUp) ?? true,
            DeviceId = wish.DeviceId.Or(old.DeviceId) ?? "",
            DeviceOwner = wish.DeviceOwner.Or(old.DeviceOwner) ?? "",
            PortSecurity = wish.PortSecurityEnabled.Or(old.PortSecurity) ?? true,
            HostId = wish.HostId.Or(old.HostId) ?? "",
            DnsName = wish.DnsName.Or(old.DnsName) ?? "",
            DnsDomain = wish.DnsDomain.Or(old.DnsDomain) ?? "",
            DhcpOptions = wish.ExtraDhcpOpts.Given ? DhcpOptions.Merged(old, wish.ExtraDhcpOpts.Value) : old.DhcpOptions,
            BindingProfile = wish.Profile.Given ? PortRules.Profile(wish.Profile.Value) : old.BindingProfile,
            Mac = wish.MacAddress.Or(null) is { } mac ? Mac.Normalize(mac)! : old.Mac,
        };
        var before = PortStore.Groups(tx, old.Id);
        IReadOnlyList<string> after = before;
        if (wish.SecurityGroups.Given)
        {
            var chosen = Groups(tx, access, row, wish, byDefault: row.PortSecurity);
            if (chosen.Fault is { } noGroup) return noGroup;
            after = chosen.Value;
        }

        if (wish.AllowedAddressPairs.Given)
        {
            var pairs = PortRules.Pairs(wish.AllowedAddressPairs.Value, row.Mac);
            if (pairs.Fault is { } badPair) return badPair;
            row = row with { AllowedPairs = pairs.Value };
        }

        if (PortRules.Security(row.PortSecurity, after.Count > 0, row.AllowedPairs != "[]", creating: false) is { } insecure) return insecure;
        if ((wish.FixedIps.Or(null) ?? (row.Mac != old.Mac ? Kept(tx, row) : null)) is { } fixedIps && Readdress(tx, row, fixedIps) is { } badAddress) return badAddress;
        if (wish.SecurityGroups.Given) PortStore.SetGroups(tx, old.Id, after);
        if (!ports.Save(tx, row))
        {
            return NetworkFaults.Conflict("MacAddressInUse", $"Unable to complete operation for network {row.NetworkId}. The mac address {row.Mac} is in use.");
        }

        Spread(tx, PortStore.Find(tx, old.Id)!, before.Union(after, StringComparer.Ordinal));
        return PortStore.Find(tx, old.Id)!;
    }

    /// <summary>Tells the port's node, its groups and its server.</summary>
    private void Spread(Tx tx, PortRow row, IEnumerable<string> touchedGroups)
    {
        if (row.Attached)
        {
            fabric.PutPort(tx, row);
            ports.TellServer(tx, row.DeviceId);
            tx.Due(Kinds.Port, row.Id);
        }

        if (row.DeviceOwner is Owners.RouterInterface or Owners.RouterGateway) fabric.RouterChanged(tx, row.DeviceId);
        if (row.DeviceOwner == Owners.Dhcp) fabric.NetworkChanged(tx, row.NetworkId);
        fabric.MembersChanged(tx, touchedGroups);
    }

    /// <summary>What can't change while a router or a server has the port.</summary>
    private static Fault? Frozen(PortRow old, PortWish wish)
    {
        if (Owners.IsService(old.DeviceOwner)
            && ((wish.FixedIps.Given && old.DeviceOwner != Owners.RouterInterface) || wish.MacAddress.Given || wish.DeviceId.Given || wish.DeviceOwner.Given))
        {
            return NetworkFaults.Conflict("ServicePortInUse", $"Port {old.Id} cannot be changed directly via the port API: has device owner {old.DeviceOwner}.");
        }

        var moves = wish.DeviceId.Or(old.DeviceId) != old.DeviceId || wish.MacAddress.Or(null) is { } mac && Mac.Normalize(mac) != old.Mac;
        return old.Attached && moves
            ? NetworkFaults.Conflict(
                "PortInUse",
                $"Unable to complete operation on port {old.Id} for network {old.NetworkId}. Port already has an attached device {old.DeviceId}.")
            : null;
    }

    /// <summary>The addresses that do not come from the port's MAC.</summary>
    private static List<FixedIpView> Kept(Tx tx, PortRow row)
    {
        var automatic = SubnetStore.OfNetwork(tx, row.NetworkId).FindAll(subnet => subnet.Automatic).ConvertAll(subnet => subnet.Id);
        return AddressStore.OfPort(tx, row.Id).FindAll(address => !automatic.Contains(address.SubnetId))
            .ConvertAll(address => new FixedIpView { SubnetId = address.SubnetId, IpAddress = address.Text });
    }

    /// <summary>Gives the port other addresses; what it keeps it never lets go.</summary>
    private Fault? Readdress(Tx tx, PortRow row, IReadOnlyList<FixedIpView> fixedIps)
    {
        var asked = PortRules.FixedIps(fixedIps);
        if (asked.Fault is { } wrong) return wrong;
        var automatic = SubnetStore.OfNetwork(tx, row.NetworkId).FindAll(subnet => subnet.Automatic).ConvertAll(subnet => subnet.Id);
        var known = AddressStore.OfPort(tx, row.Id).FindAll(address => !automatic.Contains(address.SubnetId));
        // A bare subnet means: some address of it, so one that the port has and that was not asked for by name stays.
        known.RemoveAll(address => asked.Value.Any(wish => wish.Address == address.Text));
        var wishes = asked.Value.Select(wish =>
        {
            if (wish.Address is not null || known.Find(a => a.SubnetId == wish.SubnetId) is not { } kept) return wish;
            known.Remove(kept);
            return wish with { Address = kept.Text };
        }).ToList();
        AddressStore.Free(tx, row.Id);
        if (PortAddresses.Take(tx, row, wishes).Fault is { } taken) return taken;
        FloatingIpStore.ReleasePort(tx, fabric, row.Id, AddressStore.OfPort(tx, row.Id).ConvertAll(a => a.Text));
        return null;
    }
}
