using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Consumers;

/// <summary>What uses a secret (service, type and id of a resource) or a container (a name and a URL, kept as service and resource id).</summary>
internal sealed record ConsumerRow
{
    public const string JournalKind = "key-consumer";

    public string Id { get; init; } = "";

    /// <summary>"secret" or "container".</summary>
    public string Kind { get; init; } = "";

    public string TargetId { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Service { get; init; } = "";

    public string ResourceType { get; init; } = "";

    public string ResourceId { get; init; } = "";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public ConsumerDocument Document() => new(Id, Kind, TargetId, ProjectId, Service, ResourceType, ResourceId);
}

/// <summary>A consumer as the journal keeps it.</summary>
internal sealed record ConsumerDocument(string Id, string Kind, string TargetId, string ProjectId, string Service, string ResourceType, string ResourceId);

/// <summary>SQL of consumers.</summary>
internal static class ConsumerStore
{
    private const string Of = "FROM key_consumers WHERE kind = @kind AND target_id = @target";

    public static List<ConsumerRow> List(Session session, string kind, string target) =>
        session.Query<ConsumerRow>($"SELECT * {Of} ORDER BY created_at, id", new { kind, target });

    /// <summary>Those of many, by what they use.</summary>
    public static ILookup<string, ConsumerRow> Many(Session session, string kind, IReadOnlyList<string> targets) => session.Query<ConsumerRow>(
        "SELECT * FROM key_consumers WHERE kind = @kind AND target_id IN @targets ORDER BY created_at, id", new { kind, targets }).ToLookup(row => row.TargetId);

    public static ConsumerRow? Same(Session session, ConsumerRow row) => session.FirstOrDefault<ConsumerRow>(
        $"SELECT * {Of} AND service = @Service AND resource_type = @ResourceType AND resource_id = @ResourceId",
        new { row.Kind, kind = row.Kind, target = row.TargetId, row.Service, row.ResourceType, row.ResourceId });

    /// <summary>One that is there already is only touched.</summary>
    public static Fault? Put(Quotas quotas, Tx tx, IIdSource ids, ConsumerRow wanted)
    {
        if (Same(tx, wanted) is { } same)
        {
            tx.Execute("UPDATE key_consumers SET updated_at = @Now WHERE id = @Id", new { tx.Now, same.Id });
            return null;
        }

        if (KeyFaults.Take(quotas, tx, KeyQuotas.Consumers, wanted.ProjectId) is { } over) return over;
        var row = wanted with { Id = ids.Uuid(), CreatedAt = tx.Now, UpdatedAt = tx.Now };
        tx.Execute(
            """
            INSERT INTO key_consumers (id, kind, target_id, project_id, service, resource_type, resource_id, created_at, updated_at)
            VALUES (@Id, @Kind, @TargetId, @ProjectId, @Service, @ResourceType, @ResourceId, @CreatedAt, @UpdatedAt)
            """,
            row);
        Record(tx, row, Change.Created);
        return null;
    }

    public static void Delete(Quotas quotas, Tx tx, ConsumerRow row)
    {
        tx.Execute("DELETE FROM key_consumers WHERE id = @Id", new { row.Id });
        quotas.Give(tx, KeyQuotas.Service, KeyQuotas.Consumers, row.ProjectId, 1);
        Record(tx, row, Change.Deleted);
    }

    public static void DeleteAll(Quotas quotas, Tx tx, string kind, string target)
    {
        foreach (var row in List(tx, kind, target)) Delete(quotas, tx, row);
    }

    private static void Record(Tx tx, ConsumerRow row, Change change) =>
        tx.Record(ConsumerRow.JournalKind, row.Id, row.ProjectId, change, row.Document(), ConsumerJson.Wire.ConsumerDocument);
}
