using System.Globalization;
using Sovereign.Kernel.Store;

namespace Sovereign.Placement.Allocations;

/// <summary>Recounts the books; part of every crash walk.</summary>
internal static class AllocationVerifier
{
    public static IReadOnlyList<string> Run(Session session)
    {
        var wrong = new List<string>();
        var counted = session.Query<Allocation>(
            """
            SELECT provider_id, resource_class, CAST(SUM(used) AS BIGINT) AS used FROM placement_allocations GROUP BY provider_id, resource_class
            """).ToDictionary(a => (a.ProviderId, a.ResourceClass), a => a.Used);
        var booked = session.Query<Booked>("SELECT provider_id, resource_class, used FROM placement_inventories ORDER BY provider_id, resource_class");
        foreach (var row in booked)
        {
            counted.Remove((row.ProviderId, row.ResourceClass), out var sum);
            if (sum != row.Used) wrong.Add(Text($"Provider {row.ProviderId} has {sum} {row.ResourceClass} allocated, its inventory says {row.Used}."));
        }

        wrong.AddRange(counted.Keys.Select(key => $"Provider {key.ProviderId} has {key.ResourceClass} allocated and no such inventory."));
        wrong.AddRange(session.Query<string>(
            """
            SELECT DISTINCT consumer_id FROM placement_allocations WHERE consumer_id NOT IN (SELECT id FROM placement_consumers) ORDER BY consumer_id
            """).Select(id => $"The allocations of {id} have no consumer."));
        wrong.AddRange(session.Query<string>(
            """
            SELECT id FROM placement_consumers WHERE id NOT IN (SELECT consumer_id FROM placement_allocations) ORDER BY id
            """).Select(id => $"Consumer {id} has no allocations."));
        return wrong;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Booked
    {
        public string ProviderId { get; init; } = "";

        public string ResourceClass { get; init; } = "";

        public long Used { get; init; }
    }
}
