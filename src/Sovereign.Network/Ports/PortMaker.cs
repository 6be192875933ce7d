using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

/// <summary>Makes and removes ports inside others' transactions: for users, servers, routers, floating IPs and DHCP alike.</summary>
internal sealed class PortMaker(KernelServices kernel, FabricPlan fabric)
{
    private const int MacAttemptsMax = 16;
    private const int FixedIpsMax = 5;
    private readonly List<Action<Tx, string>> listeners = [];

    /// <summary>Calls back when something changes that servers show of their ports.</summary>
    public void OnServerChange(Action<Tx, string> listener) => listeners.Add(listener);

    /// <summary>Inserts the port with its addresses and groups.</summary>
    /// <param name="fixedIps">Null: one address of the first subnet that has one.</param>
    /// <param name="limited">True: the project's quota must allow it; false: the cloud makes it itself.</param>
    public Outcome<PortRow> Make(Tx tx, PortRow wished, IReadOnlyList<AddressWish>? fixedIps, IReadOnlyList<string> groupIds, bool limited)
    {
        if (limited && !kernel.Quotas.Take(tx, NetworkModule.Service, "port", wished.ProjectId, 1).Ok) return NetworkFaults.OverQuota("port");
        if (!limited && wished.ProjectId.Length > 0) kernel.Quotas.Book(tx, NetworkModule.Service, "port", wished.ProjectId, 1);
        var row = wished with { Id = wished.Id.Length > 0 ? wished.Id : kernel.Ids.Uuid(), CreatedAt = tx.Now, UpdatedAt = tx.Now };
        var inserted = Insert(tx, row);
        if (inserted.Fault is { } taken) return taken;
        row = inserted.Value;
        var addresses = TakeAddresses(tx, row, fixedIps);
        if (addresses.Fault is { } none) return none;
        if (groupIds.Count > 0)
        {
            PortStore.SetGroups(tx, row.Id, groupIds);
            fabric.MembersChanged(tx, groupIds);
        }

        Record(tx, row, Change.Created);
        return row;
    }

    /// <summary>Removes the port from rows and nodes; a floating IP that pointed at it points nowhere then.</summary>
    public void Remove(Tx tx, PortRow row)
    {
        var view = View(tx, row, admin: false);
        var groups = PortStore.Groups(tx, row.Id);
        AddressStore.Free(tx, row.Id);
        PortStore.Delete(tx, row.Id);
        FloatingIps.FloatingIpStore.ReleasePort(tx, fabric, row.Id);
        TagStore.RemoveAll(tx, Kinds.Port, row.Id);
        if (row.ProjectId.Length > 0) kernel.Quotas.Give(tx, NetworkModule.Service, "port", row.ProjectId, 1);
        fabric.PortGone(tx, row, groups);
        tx.Record(Kinds.Port, row.Id, Owner(row), Change.Deleted, view, NetworkJson.Wire.PortView);
        if (row.Attached) TellServer(tx, row.DeviceId);
    }

    /// <summary>Stores a changed port with the next revision; false when its MAC is taken.</summary>
    public bool Save(Tx tx, PortRow row)
    {
        var next = row with { UpdatedAt = tx.Now, Revision = row.Revision + 1 };
        if (!PortStore.Update(tx, next)) return false;
        Record(tx, next, Change.Updated);
        return true;
    }

    public void TellServer(Tx tx, string serverId)
    {
        foreach (var listener in listeners) listener(tx, serverId);
    }

    public static void Record(Tx tx, PortRow row, Change change) =>
        tx.Record(Kinds.Port, row.Id, Owner(row), change, View(tx, row, admin: false), NetworkJson.Wire.PortView);

    public static PortView View(Session session, PortRow row, bool admin)
    {
        var (addresses, groups, tags) = PortStore.Parts(session, row.Id);
        return row.ToView(addresses, groups, tags, admin);
    }

    /// <summary>Gives the port the wished addresses, or one of the network's choice.</summary>
    public static Outcome<Done> TakeAddresses(Tx tx, PortRow port, IReadOnlyList<AddressWish>? wishes)
    {
        var subnets = SubnetStore.OfNetwork(tx, port.NetworkId);
        if (wishes is null)
        {
            if (subnets.Count == 0) return Done.Value;
            return subnets.Any(subnet => AddressStore.TakeNext(tx, subnet, port.Id, 0) is not null) ? Done.Value : NetworkFaults.NoAddressLeft(port.NetworkId);
        }

        if (wishes.Count > FixedIpsMax) return NetworkFaults.Attribute("fixed_ips", "Exceeded maximum amount of fixed ips per port");
        // Named addresses first: an address of our choice must not take one that is named behind it.
        foreach (var (wish, position) in wishes.Select((wish, i) => (wish, i)).OrderBy(w => w.wish.Address is null))
        {
            if (Take(tx, port, subnets, wish, position) is { } fault) return fault;
        }

        return Done.Value;
    }

    private static Fault? Take(Tx tx, PortRow port, List<SubnetRow> subnets, AddressWish wish, int position)
    {
        var subnet = wish.SubnetId is null ? null : subnets.Find(s => s.Id == wish.SubnetId);
        if (wish.SubnetId is not null && subnet is null)
        {
            return SubnetStore.Find(tx, wish.SubnetId) is null
                ? NetworkFaults.SubnetMissing(wish.SubnetId)
                : NetworkFaults.Input($"Failed to create port on network {port.NetworkId}, because fixed_ips included invalid subnet {wish.SubnetId}");
        }

        if (wish.Address is null)
        {
            return AddressStore.TakeNext(tx, subnet!, port.Id, position) is null ? NetworkFaults.NoAddressLeft(port.NetworkId) : null;
        }

        if (!Ipv4.TryParse(wish.Address, out var address)) return NetworkFaults.Attribute("fixed_ips", $"'{wish.Address}' is not a valid IP address");
        subnet ??= subnets.Find(s => s.Range.Contains(address));
        if (subnet is null)
        {
            return NetworkFaults.Refused("InvalidIpForNetwork", $"IP address {wish.Address} is not a valid IP for any of the subnets on the specified network.");
        }

        if (!subnet.Range.ContainsHost(address))
        {
            return NetworkFaults.Refused("InvalidIpForSubnet", $"IP address {wish.Address} is not a valid IP for the specified subnet.");
        }

        return AddressStore.Take(tx, subnet, address, port.Id, position) ? null : NetworkFaults.AddressTaken(wish.Address, subnet.Id);
    }

    private Outcome<PortRow> Insert(Tx tx, PortRow row)
    {
        if (row.Mac.Length > 0)
        {
            return PortStore.Insert(tx, row)
                ? row
                : NetworkFaults.Conflict("MacAddressInUse", $"Unable to complete operation for network {row.NetworkId}. The mac address {row.Mac} is in use.");
        }

        for (var attempt = 0; attempt < MacAttemptsMax; attempt++)
        {
            var candidate = row with { Mac = Mac.Random(kernel.Randomness) };
            if (PortStore.Insert(tx, candidate)) return candidate;
        }

        return NetworkFaults.Conflict("MacAddressGenerationFailure", $"Unable to generate unique mac on network {row.NetworkId}.");
    }

    private static string? Owner(PortRow row) => row.ProjectId.Length > 0 ? row.ProjectId : null;
}
