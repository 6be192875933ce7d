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
    private readonly List<Action<Tx, string>> listeners = [];

    /// <summary>Calls back when something changes that servers show of their ports.</summary>
    public void OnServerChange(Action<Tx, string> listener) => listeners.Add(listener);

    /// <summary>Inserts the port with its addresses and groups.</summary>
    /// <param name="fixedIps">Null: an address of each IP version that the network has.</param>
    /// <param name="limited">True: the project's quota must allow it; false: the cloud makes it itself.</param>
    public Outcome<PortRow> Make(Tx tx, PortRow wished, IReadOnlyList<AddressWish>? fixedIps, IReadOnlyList<string> groupIds, bool limited)
    {
        if (limited && PortService.Room.Take(tx, kernel, wished.ProjectId) is { } full) return full;
        if (!limited) PortService.Room.Book(tx, kernel, wished);
        var row = wished with { Id = wished.Id.Length > 0 ? wished.Id : kernel.Ids.Uuid(), CreatedAt = tx.Now, UpdatedAt = tx.Now };
        var inserted = Insert(tx, row);
        if (inserted.Fault is { } taken) return taken;
        row = inserted.Value;
        var addresses = PortAddresses.Take(tx, row, fixedIps);
        if (addresses.Fault is { } none) return none;
        if (groupIds.Count > 0)
        {
            PortStore.SetGroups(tx, row.Id, groupIds);
            fabric.MembersChanged(tx, groupIds);
        }

        PortService.Room.Record(tx, row, Change.Created);
        return row;
    }

    /// <summary>Removes the port from rows and nodes; a floating IP that pointed at it points nowhere then.</summary>
    public void Remove(Tx tx, PortRow row)
    {
        var groups = PortStore.Groups(tx, row.Id);
        PortService.Room.Remove(tx, kernel, row, (inside, id) =>
        {
            AddressStore.Free(inside, id);
            PortStore.Delete(inside, id);
        });
        FloatingIps.FloatingIpStore.ReleasePort(tx, fabric, row.Id);
        Logs.NetworkLogService.Forget(tx, kernel, row.Id);
        fabric.PortGone(tx, row, groups);
        if (row.Attached) TellServer(tx, row.DeviceId);
    }

    /// <summary>Stores a changed port with the next revision; false when its MAC is taken.</summary>
    public bool Save(Tx tx, PortRow row)
    {
        var next = row with { UpdatedAt = tx.Now, Revision = row.Revision + 1 };
        if (!PortStore.Update(tx, next)) return false;
        PortService.Room.Record(tx, next, Change.Updated);
        return true;
    }

    /// <summary>Gives every port of the network the address that its host makes itself in a new subnet.</summary>
    public void JoinAutomatic(Tx tx, SubnetRow subnet)
    {
        foreach (var port in PortStore.OfNetwork(tx, subnet.NetworkId).Where(port => PortAddresses.Automatic(port.DeviceOwner)))
        {
            if (AddressStore.Take(tx, subnet, subnet.Range.Slaac(port.Mac), port.Id, AddressStore.OfPort(tx, port.Id).Count)) Readdressed(tx, port);
        }
    }

    /// <summary>Takes these addresses back when their subnet goes.</summary>
    public void LeaveAutomatic(Tx tx, SubnetRow subnet)
    {
        foreach (var port in PortStore.OfNetwork(tx, subnet.NetworkId).Where(port => PortAddresses.Automatic(port.DeviceOwner)))
        {
            if (AddressStore.OfPort(tx, port.Id).TrueForAll(address => address.SubnetId != subnet.Id)) continue;
            AddressStore.Free(tx, port.Id, subnet.Id);
            Readdressed(tx, port);
        }
    }

    public void TellServer(Tx tx, string serverId)
    {
        foreach (var listener in listeners) listener(tx, serverId);
    }

    private void Readdressed(Tx tx, PortRow port)
    {
        Save(tx, port);
        fabric.PutPort(tx, port);
        fabric.MembersChanged(tx, PortStore.Groups(tx, port.Id));
        if (port.Attached) TellServer(tx, port.DeviceId);
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
}
