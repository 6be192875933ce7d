using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Network;

namespace Sovereign.Compute.Servers;

/// <summary>NICs of a server that come and go while it lives, and their security groups.</summary>
internal sealed class InterfaceService(KernelServices kernel, ServerService servers, INetworks networks, ComputeOptions options)
{
    /// <summary>Makes or takes a port for the server; its node plugs it in.</summary>
    /// <param name="asked">Null: the project's only network.</param>
    public async Task<Outcome<(ServerRow Row, PortInfo Port)>> Attach(AccessGrant access, string id, NicRequest? asked, CancellationToken stop)
    {
        var nic = asked is { } named ? named : kernel.Database.Read(session => networks.DefaultNics(session, access)) switch
        {
            { Ok: true, Value.Count: > 0 } found => found.Value[0],
            _ => (Outcome<NicRequest>)new Fault.Invalid("net_id", "No network was named, and the project has not exactly one."),
        };
        if (nic.Fault is { } none) return none;
        PortInfo? made = null;
        var changed = await servers.Change(
            access,
            id,
            "attach_interface",
            (tx, row) =>
            {
                if (Refused(access, row, "attach_interface") is { } refused) return refused;
                var ports = networks.Attach(tx, access, id, row.Hostname, options.Zone, [nic.Value], []);
                if (ports.Fault is Fault.Conflict taken && nic.Value.PortId is not null) return new Fault.Invalid("port_id", taken.Message);
                if (ports.Fault is { } unusable) return unusable;
                networks.Bind(tx, id, row.NodeId!);
                made = ports.Value[0];
                var tags = row.NicTagMap();
                if (nic.Value.Tag is { } tag) tags[made.Id] = tag;
                var all = networks.PortsOf(tx, [id]).GetValueOrDefault(id) ?? [];
                return servers.Want(tx, row with
                {
                    Addresses = ServerAddresses.Text(all),
                    NicTags = JsonSerializer.Serialize(tags, ServerJson.Wire.DictionaryStringString),
                    Revision = ServerStore.Find(tx, id)!.Revision,
                });
            },
            stop);
        return changed.Map(row => (row, made!));
    }

    /// <summary>Tells the node to take the NIC away; the port goes when it has.</summary>
    public Task<Outcome<ServerRow>> Detach(AccessGrant access, string id, string portId, CancellationToken stop) => servers.Change(
        access,
        id,
        "detach_interface",
        (tx, row) =>
        {
            if (Refused(access, row, "detach_interface") is { } refused) return refused;
            var ports = networks.PortsOf(tx, [id]).GetValueOrDefault(id) ?? [];
            var detaching = row.DetachingList();
            if (ports.All(port => port.Id != portId) || detaching.Contains(portId)) return Wire.NotFound($"Port {portId} not found");
            var tags = row.NicTagMap();
            tags.Remove(portId);
            return servers.Want(tx, row with
            {
                Detaching = JsonSerializer.Serialize([.. detaching, portId], ServerJson.Wire.ListString),
                NicTags = JsonSerializer.Serialize(tags, ServerJson.Wire.DictionaryStringString),
            });
        },
        stop);

    /// <summary>Puts all ports of the server into a security group, or takes them out.</summary>
    public Task<Outcome<ServerRow>> SetGroup(AccessGrant access, string id, string group, bool member, CancellationToken stop) => servers.Change(
        access,
        id,
        member ? "addSecurityGroup" : "removeSecurityGroup",
        (tx, row) =>
        {
            if (ServerService.Locked(access, row) is { } locked) return locked;
            if (row.Deleting) return ServerService.Missing(id);
            var changed = networks.SetGroup(tx, access, id, group, member);
            if (changed.Fault is { } refused) return refused;
            // The network service told of the change, which raised the revision.
            var next = row with { Revision = ServerStore.Find(tx, id)!.Revision };
            return next.NodeId is null ? next : servers.Want(tx, next);
        },
        stop);

    private static Fault? Refused(AccessGrant access, ServerRow row, string action) =>
        ServerService.Refused(access, row, action, idle: true, ServerStates.Active, ServerStates.Paused, ServerStates.Stopped);
}
