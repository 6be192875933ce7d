using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;

namespace Sovereign.Network.Subnets;

/// <summary>A fixed address of a port.</summary>
internal sealed record AddressRow
{
    public string NetworkId { get; init; } = "";

    /// <summary>As <see cref="Addressing.Ip.Key"/> writes it.</summary>
    public string Address { get; init; } = "";

    public string SubnetId { get; init; } = "";

    public string PortId { get; init; } = "";

    public long Position { get; init; }

    public Ip Ip => Ip.OfKey(Address);

    /// <summary>"10.0.0.5", "fd00::5".</summary>
    public string Text => Ip.ToString();
}

/// <summary>One row per address in use; its key makes giving one out twice impossible.</summary>
internal static class AddressStore
{
    /// <summary>How many taken addresses a search for a gap reads at once.</summary>
    private const int WindowRows = 256;

    public static List<AddressRow> OfPort(Session session, string portId) =>
        session.Query<AddressRow>("SELECT * FROM fixed_addresses WHERE port_id = @portId ORDER BY position, address", new { portId });

    public static ILookup<string, AddressRow> OfPorts(Session session, IReadOnlyCollection<string> portIds)
    {
        List<AddressRow> rows = portIds.Count == 0 ? [] : session.Query<AddressRow>(
            "SELECT * FROM fixed_addresses WHERE port_id IN @portIds ORDER BY position, address", new { portIds });
        return rows.ToLookup(row => row.PortId, StringComparer.Ordinal);
    }

    /// <summary>Takes this address; false when another port has it.</summary>
    public static bool Take(Tx tx, SubnetRow subnet, Ip address, string portId, long position) => tx.Execute(
        """
        INSERT INTO fixed_addresses (network_id, address, subnet_id, port_id, position) VALUES (@NetworkId, @Key, @Id, @portId, @position)
        ON CONFLICT (network_id, address) DO NOTHING
        """,
        new { subnet.NetworkId, address.Key, subnet.Id, portId, position }) == 1;

    /// <summary>Takes the next free address of the subnet's pools, beginning behind the one given out last; null when none is left.</summary>
    public static Ip? TakeNext(Tx tx, SubnetRow subnet, string portId, long position)
    {
        foreach (var range in FromHint(subnet.PoolRanges, subnet.NextFree.Length == 0 ? null : Ip.OfKey(subnet.NextFree)))
        {
            if (FirstFree(tx, subnet.NetworkId, range) is not { } free) continue;
            // The writer holds the transaction, but other replicas write too: whoever inserts first has it.
            if (!Take(tx, subnet, free, portId, position)) continue;
            tx.Execute("UPDATE subnets SET next_free = @next WHERE id = @Id", new { next = (free < subnet.Range.Last ? free.Next : free).Key, subnet.Id });
            return free;
        }

        return null;
    }

    public static bool HasFree(Tx tx, SubnetRow subnet) => subnet.PoolRanges.Any(pool => FirstFree(tx, subnet.NetworkId, pool) is not null);

    public static void Free(Tx tx, string portId) => tx.Execute("DELETE FROM fixed_addresses WHERE port_id = @portId", new { portId });

    public static void Free(Tx tx, string portId, string subnetId) =>
        tx.Execute("DELETE FROM fixed_addresses WHERE port_id = @portId AND subnet_id = @subnetId", new { portId, subnetId });

    /// <summary>The pools cut at the hint: from it to the end first, what is before it last.</summary>
    private static IEnumerable<AddressRange> FromHint(IReadOnlyList<AddressRange> pools, Ip? hint)
    {
        if (hint is not { } from) return pools;
        return pools.Where(pool => pool.End >= from).Select(pool => pool.Start < from ? pool with { Start = from } : pool)
            .Concat(pools.Where(pool => pool.Start < from).Select(pool => pool.End < from ? pool : pool with { End = from.Previous }));
    }

    private static Ip? FirstFree(Tx tx, string networkId, AddressRange range)
    {
        var next = range.Start;
        while (true)
        {
            var taken = tx.Query<string>(
                """
                SELECT address FROM fixed_addresses WHERE network_id = @networkId AND address >= @from AND address <= @to ORDER BY address LIMIT @WindowRows
                """,
                new { networkId, from = next.Key, to = range.End.Key, WindowRows = (long)WindowRows });
            foreach (var address in taken)
            {
                if (Ip.OfKey(address) != next) return next;
                if (next == range.End) return null;
                next = next.Next;
            }

            if (taken.Count < WindowRows) return next;
        }
    }
}
