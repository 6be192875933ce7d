using Sovereign.Compute.Aggregates;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Control;
using Sovereign.Placement;

namespace Sovereign.Compute.Hosts;

/// <summary>What compute keeps of a node beside what the node says itself: small numbers for old clients, the service's id, and whether it may take servers.</summary>
internal sealed record HostRow
{
    public string NodeId { get; init; } = "";

    public long Number { get; init; }

    public string ServiceId { get; init; } = "";

    public string HostName { get; init; } = "";

    public bool Disabled { get; init; }

    public string? DisabledReason { get; init; }

    public bool ForcedDown { get; init; }

    public HostDocument Document() => new(NodeId, ServiceId, HostName, Disabled, DisabledReason, ForcedDown);
}

internal sealed record HostDocument(string NodeId, string ServiceId, string HostName, bool Disabled, string? DisabledReason, bool ForcedDown);

/// <summary>A node with what compute keeps of it.</summary>
internal sealed record Host(NodeInfo Node, HostRow Row)
{
    public bool Up => Node.Up && !Row.ForcedDown;
}

/// <summary>The hosts of servers: rows beside the nodes, and which of them may be scheduled to.</summary>
internal sealed class HostService(KernelServices kernel, INodes nodes, IPlacement placement, ComputeOptions options)
{
    private volatile IReadOnlyDictionary<string, HostRow> rows = new Dictionary<string, HostRow>(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<string, string> zones = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Reads the rows and the zones into memory; also after each change, since scheduling looks at them for every server.</summary>
    public void Load()
    {
        var (read, aggregates) = kernel.Database.Read(session => (session.Query<HostRow>("SELECT * FROM compute_hosts"), AggregateStore.All(session)));
        rows = read.ToDictionary(r => r.NodeId, StringComparer.Ordinal);
        zones = aggregates.Where(aggregate => aggregate.Row.Zone() is not null)
            .SelectMany(aggregate => aggregate.Nodes.Select(node => (node, zone: aggregate.Row.Zone()!)))
            .DistinctBy(pair => pair.node).ToDictionary(pair => pair.node, pair => pair.zone, StringComparer.Ordinal);
    }

    /// <summary>The zone of a node: its aggregate's, or the one that all others are in.</summary>
    public string ZoneOf(string nodeId) => zones.GetValueOrDefault(nodeId, options.Zone);

    /// <summary>Zones that have nodes; without any node the one that they will be in.</summary>
    public IReadOnlyList<string> Zones() =>
        [.. nodes.List().Select(node => ZoneOf(node.Id)).DefaultIfEmpty(options.Zone).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>In the transaction in which a node registers: its row, its provider and its inventories.</summary>
    public void Register(Tx tx, NodeInfo node)
    {
        tx.Execute(
            """
            INSERT INTO compute_hosts (node_id, number, service_id, host_name, disabled, disabled_reason, forced_down)
            SELECT @Id, COALESCE(MAX(number), 0) + 1, @service, @HostName, 0, NULL, 0 FROM compute_hosts WHERE 1 = 1
            ON CONFLICT (node_id) DO UPDATE SET host_name = excluded.host_name
            """,
            new { node.Id, node.HostName, service = kernel.Ids.Uuid() });
        var facts = node.Facts;
        var reserved = Math.Min(options.ReservedMemoryMib, facts.MemoryMib / 2);
        placement.EnsureProvider(tx, node.Id, node.HostName,
        [
            new("VCPU", facts.Cpus, 0, 1, facts.Cpus, 1, options.CpuAllocationRatio),
            new("MEMORY_MB", facts.MemoryMib, reserved, 1, facts.MemoryMib, 1, options.RamAllocationRatio),
            new("DISK_GB", facts.DiskGib, 0, 1, facts.DiskGib, 1, 1.0),
        ]);
        tx.AfterCommit(Load);
    }

    /// <summary>In the transaction in which a node leaves the cloud: refused while it has servers; its row and its provider go.</summary>
    public Fault? Unregister(Tx tx, NodeInfo node)
    {
        var servers = tx.Scalar<long>("SELECT COUNT(*) FROM compute_servers WHERE node_id = @Id", new { node.Id });
        if (servers > 0) return new Fault.Conflict($"The node {node.HostName} has {servers} servers: drain it, or evacuate them.");
        if (placement.RemoveProvider(tx, node.Id).Fault is { } taken) return taken;
        tx.Execute("DELETE FROM compute_aggregate_hosts WHERE node_id = @Id", new { node.Id });
        tx.Execute("DELETE FROM compute_hosts WHERE node_id = @Id", new { node.Id });
        tx.AfterCommit(Load);
        return null;
    }

    /// <summary>All hosts by name.</summary>
    public IReadOnlyList<Host> All()
    {
        var known = rows;
        return [.. nodes.List().Select(node => new Host(node, known.GetValueOrDefault(node.Id) ?? new HostRow { NodeId = node.Id, HostName = node.HostName }))];
    }

    public Host? Find(string nodeId) => nodes.Find(nodeId) is { } node
        ? new Host(node, rows.GetValueOrDefault(nodeId) ?? new HostRow { NodeId = nodeId, HostName = node.HostName })
        : null;

    public NodeInfo? ByName(string hostName) => nodes.List().FirstOrDefault(node => node.HostName == hostName);

    /// <summary>Nodes that may take a server; null for any, which is the usual case and needs no list.</summary>
    public IReadOnlyList<string>? Candidates(string? wanted, string? zone)
    {
        var all = All();
        var fit = all.Where(host => host.Up && !host.Row.Disabled && (wanted is null || host.Node.Id == wanted) && (zone is null || ZoneOf(host.Node.Id) == zone))
            .Select(host => host.Node.Id).ToList();
        return fit.Count == all.Count && fit.Count > 0 ? null : fit;
    }

    public Task<Outcome<HostRow>> Change(AccessGrant access, Func<HostRow, bool> which, string missing, Func<HostRow, HostRow> change, CancellationToken stop) =>
        kernel.Queue.Write<HostRow>(
            "host.update",
            access.Origin,
            tx =>
            {
                if (tx.Query<HostRow>("SELECT * FROM compute_hosts ORDER BY number").Find(row => which(row)) is not { } row) return Wire.NotFound(missing);
                var next = change(row);
                tx.Execute(
                    "UPDATE compute_hosts SET disabled = @disabled, disabled_reason = @DisabledReason, forced_down = @forcedDown WHERE node_id = @NodeId",
                    new { next.NodeId, disabled = next.Disabled ? 1L : 0L, next.DisabledReason, forcedDown = next.ForcedDown ? 1L : 0L });
                tx.Record("host", next.NodeId, null, Kernel.Journal.Change.Updated, next.Document(), HostJson.Wire.HostDocument);
                tx.AfterCommit(Load);
                return next;
            },
            stop);
}
