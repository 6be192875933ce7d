using Sovereign.Kernel.Store;

namespace Sovereign.Placement.Allocations;

internal static class AllocationStore
{
    public static Consumer? Consumer(Session session, string id) =>
        session.FirstOrDefault<Consumer>("SELECT * FROM placement_consumers WHERE id = @id", new { id });

    public static List<Allocation> OfConsumer(Session session, string consumerId) =>
        session.Query<Allocation>("SELECT * FROM placement_allocations WHERE consumer_id = @consumerId ORDER BY provider_id, resource_class", new { consumerId });

    public static List<Allocation> OfProvider(Session session, string providerId) =>
        session.Query<Allocation>("SELECT * FROM placement_allocations WHERE provider_id = @providerId ORDER BY consumer_id, resource_class", new { providerId });

    public static List<Consumer> ConsumersOfProvider(Session session, string providerId) =>
        session.Query<Consumer>(
            "SELECT * FROM placement_consumers WHERE id IN (SELECT consumer_id FROM placement_allocations WHERE provider_id = @providerId)", new { providerId });

    public static bool AnyOn(Session session, string providerId) =>
        session.Scalar<long?>("SELECT 1 FROM placement_allocations WHERE provider_id = @providerId LIMIT 1", new { providerId }) is not null;

    /// <summary>Sums over a project's consumers; user null for all of its users.</summary>
    public static List<Allocation> Totals(Session session, string projectId, string? userId) =>
        session.Query<Allocation>(
            $"""
            SELECT a.resource_class, CAST(SUM(a.used) AS BIGINT) AS used FROM placement_allocations a JOIN placement_consumers c ON c.id = a.consumer_id
            WHERE c.project_id = @projectId {(userId is null ? "" : "AND c.user_id = @userId")} GROUP BY a.resource_class ORDER BY a.resource_class
            """,
            new { projectId, userId = userId ?? "" });

    /// <summary>Sums by type of consumer; type null for all.</summary>
    public static List<TypedTotal> TotalsByType(Session session, string projectId, string? userId, string? type) =>
        session.Query<TypedTotal>(
            $"""
            SELECT c.type, a.resource_class, CAST(SUM(a.used) AS BIGINT) AS used FROM placement_allocations a JOIN placement_consumers c ON c.id = a.consumer_id
            WHERE {Whose(userId, type)} GROUP BY c.type, a.resource_class ORDER BY c.type, a.resource_class
            """,
            new { projectId, userId = userId ?? "", type = type ?? "" });

    /// <summary>How many consumers of each type there are.</summary>
    public static List<TypedTotal> CountsByType(Session session, string projectId, string? userId, string? type) =>
        session.Query<TypedTotal>(
            $"SELECT c.type, COUNT(*) AS used FROM placement_consumers c WHERE {Whose(userId, type)} GROUP BY c.type ORDER BY c.type",
            new { projectId, userId = userId ?? "", type = type ?? "" });

    private static string Whose(string? userId, string? type) =>
        "c.project_id = @projectId" + (userId is null ? "" : " AND c.user_id = @userId") + (type is null ? "" : " AND c.type = @type");

    public static void Insert(Tx tx, Allocation allocation) =>
        tx.Execute(
            "INSERT INTO placement_allocations (consumer_id, provider_id, resource_class, used) VALUES (@ConsumerId, @ProviderId, @ResourceClass, @Used)", allocation);

    public static void InsertAll(Tx tx, string consumerId, string providerId, ClaimAmounts amounts)
    {
        var parameters = amounts.Parameters();
        parameters.Add("consumer", consumerId);
        parameters.Add("provider", providerId);
        tx.Execute(
            "INSERT INTO placement_allocations (consumer_id, provider_id, resource_class, used) VALUES " + amounts.Each(", ", "(@consumer, @provider, {0}, {1})"), parameters);
    }

    public static void DeleteOf(Tx tx, string consumerId) => tx.Execute("DELETE FROM placement_allocations WHERE consumer_id = @consumerId", new { consumerId });

    public static void DeleteConsumer(Tx tx, string id) => tx.Execute("DELETE FROM placement_consumers WHERE id = @id", new { id });

    public static bool InsertConsumer(Tx tx, Consumer consumer) =>
        tx.Execute(
            """
            INSERT INTO placement_consumers (id, project_id, user_id, type, generation, created_at, updated_at)
            VALUES (@Id, @ProjectId, @UserId, @Type, @Generation, @CreatedAt, @UpdatedAt) ON CONFLICT DO NOTHING
            """,
            consumer) == 1;

    public static bool UpdateConsumer(Tx tx, Consumer consumer, long seen) =>
        tx.Execute(
            """
            UPDATE placement_consumers SET project_id = @ProjectId, user_id = @UserId, type = @Type, generation = generation + 1, updated_at = @UpdatedAt
            WHERE id = @Id AND generation = @seen
            """,
            new { consumer.Id, consumer.ProjectId, consumer.UserId, consumer.Type, consumer.UpdatedAt, seen }) == 1;
}

/// <summary>A sum of one type of consumers.</summary>
internal sealed record TypedTotal
{
    public string Type { get; init; } = "";

    public string ResourceClass { get; init; } = "";

    public long Used { get; init; }
}
