using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;

namespace Sovereign.Network.Subnets;

/// <summary>A fixed address of a port.</summary>
internal sealed record AddressRow
{
    public string NetworkId { get; init; } = "";

    public long Address { get; init; }

    public string SubnetId { get; init; } = "";

    public string PortId { get; init; } = "";

    public long Position { get; init; }
}

/// <summary>One row per address in use; its key makes giving one out twice impossible.</summary>
internal static class AddressStore
{
    public static List<AddressRow> OfPort(Session session, string portId) =>
        session.Query<AddressRow>("SELECT * FROM addresses WHERE port_id = @portId ORDER BY position, address", new { portId });

    public static ILookup<string, AddressRow> OfPorts(Session session, IReadOnlyCollection<string> portIds)
    {
        List<AddressRow> rows = portIds.Count == 0
            ? [] : session.Query<AddressRow>("SELECT * FROM addresses WHERE port_id IN @portIds ORDER BY position, address", new { portIds });
        return rows.ToLookup(row => row.PortId, StringComparer.Ordinal);
    }

    /// <summary>Takes this address; false when another port has it.</summary>
    public static bool Take(Tx tx, SubnetRow subnet, long address, string portId, long position) => tx.Execute(
        """
        INSERT INTO addresses (network_id, address, subnet_id, port_id, position) VALUES (@NetworkId, @address, @Id, @portId, @position)
        ON CONFLICT (network_id, address) DO NOTHING
        """,
        new { subnet.NetworkId, address, subnet.Id, portId, position }) == 1;

    /// <summary>Takes the next free address of the subnet's pools, beginning behind the one given out last; null when none is left.</summary>
    public static long? TakeNext(Tx tx, SubnetRow subnet, string portId, long position)
    {
        var pools = subnet.PoolRanges;
        foreach (var range in FromHint(pools, subnet.NextAddress))
        {
            if (FirstFree(tx, subnet.NetworkId, range) is not { } free) continue;
            // The writer holds the transaction, but other replicas write too: whoever inserts first has it.
            if (!Take(tx, subnet, free, portId, position)) continue;
            tx.Execute("UPDATE subnets SET next_address = @next WHERE id = @Id", new { next = free + 1, subnet.Id });
            return free;
        }

        return null;
    }

    public static bool HasFree(Tx tx, SubnetRow subnet) => subnet.PoolRanges.Any(pool => FirstFree(tx, subnet.NetworkId, pool) is not null);

    public static void Free(Tx tx, string portId) => tx.Execute("DELETE FROM addresses WHERE port_id = @portId", new { portId });

    public static void Free(Tx tx, string portId, string subnetId) =>
        tx.Execute("DELETE FROM addresses WHERE port_id = @portId AND subnet_id = @subnetId", new { portId, subnetId });

    /// <summary>The pools cut at the hint: from it to the end first, what is before it last.</summary>
    private static IEnumerable<AddressRange> FromHint(IReadOnlyList<AddressRange> pools, long hint)
    {
        foreach (var pool in pools.Where(pool => pool.End >= hint)) yield return new AddressRange(Math.Max(pool.Start, hint), pool.End);
        foreach (var pool in pools.Where(pool => pool.Start < hint)) yield return new AddressRange(pool.Start, Math.Min(pool.End, hint - 1));
    }

    private static long? FirstFree(Tx tx, string networkId, AddressRange range)
    {
        if (tx.Scalar<long?>("SELECT 1 FROM addresses WHERE network_id = @networkId AND address = @Start", new { networkId, range.Start }) is null)
        {
            return range.Start;
        }

        var free = tx.Scalar<long?>(
            """
            SELECT a.address + 1 FROM addresses a WHERE a.network_id = @networkId AND a.address >= @Start AND a.address < @End
              AND NOT EXISTS (SELECT 1 FROM addresses b WHERE b.network_id = a.network_id AND b.address = a.address + 1)
            ORDER BY a.address LIMIT 1
            """,
            new { networkId, range.Start, range.End });
        return free;
    }
}
