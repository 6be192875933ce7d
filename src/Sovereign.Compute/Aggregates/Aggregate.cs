using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Aggregates;

/// <summary>Hosts that an administrator put together; with an availability zone in its metadata it makes that zone.</summary>
internal sealed record AggregateRow
{
    public const string ZoneKey = "availability_zone";

    /// <summary>The API's id: a small number.</summary>
    public long Number { get; init; }

    /// <summary>Dashed UUID; also the aggregate's name in placement.</summary>
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>JSON object of texts.</summary>
    public string Metadata { get; init; } = "{}";

    public long CreatedAt { get; init; }

    /// <summary>0: never.</summary>
    public long UpdatedAt { get; init; }

    public SortedDictionary<string, string> MetadataMap() =>
        new(JsonSerializer.Deserialize(Metadata, AggregateJson.Wire.DictionaryStringString)!, StringComparer.Ordinal);

    public string? Zone() => MetadataMap().GetValueOrDefault(ZoneKey);

    public AggregateRow With(IDictionary<string, string> metadata) =>
        this with { Metadata = JsonSerializer.Serialize(new Dictionary<string, string>(metadata), AggregateJson.Wire.DictionaryStringString) };
}

/// <summary>An aggregate with its hosts, by node id.</summary>
internal sealed record Aggregate(AggregateRow Row, IReadOnlyList<string> Nodes);

internal sealed record AggregateBody(AggregateAsked Aggregate);

internal sealed record AggregateAsked(Optional<string> Name = default, Optional<string> AvailabilityZone = default);

internal sealed record AggregateActionBody(AggregateHost? AddHost = null, AggregateHost? RemoveHost = null, AggregateMetadata? SetMetadata = null);

internal sealed record AggregateHost(string Host);

/// <param name="Metadata">A null value takes the key away.</param>
internal sealed record AggregateMetadata(Dictionary<string, string?> Metadata);

/// <summary>Images that the hosts of an aggregate shall have before a server needs them.</summary>
internal sealed record AggregateImages(IReadOnlyList<AggregateImage> Cache);

internal sealed record AggregateImage(string Id);

[JsonSerializable(typeof(AggregateBody))]
[JsonSerializable(typeof(AggregateImages))]
[JsonSerializable(typeof(AggregateActionBody))]
[JsonSerializable(typeof(AggregateRow))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class AggregateJson : JsonSerializerContext
{
    public static readonly AggregateJson Wire = new(WireJson.Options());
}

/// <summary>SQL of aggregates.</summary>
internal static class AggregateStore
{
    public static List<Aggregate> All(Session session)
    {
        var hosts = session.Query<HostPair>("SELECT aggregate, node_id FROM compute_aggregate_hosts ORDER BY node_id").ToLookup(pair => pair.Aggregate);
        return session.Query<AggregateRow>("SELECT * FROM compute_aggregates ORDER BY number")
            .ConvertAll(row => new Aggregate(row, [.. hosts[row.Number].Select(pair => pair.NodeId)]));
    }

    public static Aggregate? Find(Session session, long number) => session.FirstOrDefault<AggregateRow>(
        "SELECT * FROM compute_aggregates WHERE number = @number", new { number }) is { } row
        ? new Aggregate(row, session.Query<string>("SELECT node_id FROM compute_aggregate_hosts WHERE aggregate = @number ORDER BY node_id", new { number }))
        : null;

    public static long Number(Tx tx) => tx.Scalar<long>("UPDATE compute_aggregate_number SET last = last + 1 WHERE id = 1 RETURNING last", new { });

    /// <returns>False when the name is taken.</returns>
    public static bool Insert(Tx tx, AggregateRow row) => tx.Execute(
        """
        INSERT INTO compute_aggregates (number, id, name, metadata, created_at, updated_at) VALUES (@Number, @Id, @Name, @Metadata, @CreatedAt, 0)
        ON CONFLICT DO NOTHING
        """,
        row) == 1;

    /// <returns>False when the name is taken by another.</returns>
    public static bool Update(Tx tx, AggregateRow row) => tx.Execute(
        """
        UPDATE compute_aggregates SET name = @Name, metadata = @Metadata, updated_at = @UpdatedAt WHERE number = @Number
          AND NOT EXISTS (SELECT 1 FROM compute_aggregates o WHERE o.name = @Name AND o.number <> @Number)
        """,
        row) == 1;

    public static void Delete(Tx tx, long number) => tx.Execute("DELETE FROM compute_aggregates WHERE number = @number", new { number });

    public static void SetHost(Tx tx, long number, string nodeId, bool member) => tx.Execute(
        member ? "INSERT INTO compute_aggregate_hosts (aggregate, node_id) VALUES (@number, @nodeId)"
            : "DELETE FROM compute_aggregate_hosts WHERE aggregate = @number AND node_id = @nodeId",
        new { number, nodeId });

    private sealed record HostPair
    {
        public long Aggregate { get; init; }

        public string NodeId { get; init; } = "";
    }
}
