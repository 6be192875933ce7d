using System.Globalization;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Volume.QosSpecs;

/// <summary>How fast the volumes of types are that are tied to it.</summary>
internal sealed record QosRow
{
    public const string Kind = "volume-qos";

    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>"front-end", "back-end" or "both": all are kept by the hypervisor here.</summary>
    public string Consumer { get; init; } = "back-end";

    /// <summary>A JSON object of texts.</summary>
    public string Specs { get; init; } = "{}";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public Dictionary<string, string> Pairs() => VolumeJson.Texts(Specs);

    public QosDocument Document() => new(Id, Name, Consumer, Pairs());

    /// <summary>The limits for a volume of this size; null: none.</summary>
    public DiskRatesSpec? Rates(long sizeGib)
    {
        var specs = Pairs();
        var rates = new DiskRatesSpec(
            Rate(specs, "total_bytes_sec", sizeGib), Rate(specs, "read_bytes_sec", sizeGib), Rate(specs, "write_bytes_sec", sizeGib),
            Rate(specs, "total_iops_sec", sizeGib), Rate(specs, "read_iops_sec", sizeGib), Rate(specs, "write_iops_sec", sizeGib));
        return rates == new DiskRatesSpec(null, null, null, null, null, null) ? null : rates;
    }

    /// <summary>A limit, or one for each GiB with a least one ("…_per_gb", "…_per_gb_min").</summary>
    private static long? Rate(Dictionary<string, string> specs, string name, long sizeGib)
    {
        if (Number(specs, name + "_per_gb") is not { } each) return Number(specs, name);
        return Math.Max(each * sizeGib, Number(specs, name + "_per_gb_min") ?? 0);
    }

    private static long? Number(Dictionary<string, string> specs, string name) =>
        specs.TryGetValue(name, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
}

/// <summary>QoS specs as the journal keeps them.</summary>
internal sealed record QosDocument(string Id, string Name, string Consumer, Dictionary<string, string> Specs);

/// <summary>SQL of QoS specs.</summary>
internal static class QosStore
{
    public static readonly ListShape Shape = new(
        "volume_qos q",
        "q.id",
        [
            new("id", "q.id"), new("name", "q.name"), new("consumer", "q.consumer"),
            new("created_at", "q.created_at", ColumnKind.Number, Filterable: false), new("updated_at", "q.updated_at", ColumnKind.Number, Filterable: false),
        ],
        [new Kernel.Lists.SortKey("created_at", true)]);

    public static QosRow? Find(Session session, string id) => session.FirstOrDefault<QosRow>("SELECT * FROM volume_qos WHERE id = @id", new { id });

    /// <returns>False when the name is taken.</returns>
    public static bool Insert(Tx tx, QosRow row) => tx.Execute(
        """
        INSERT INTO volume_qos (id, name, consumer, specs, created_at, updated_at) VALUES (@Id, @Name, @Consumer, @Specs, @CreatedAt, @UpdatedAt)
        ON CONFLICT DO NOTHING
        """,
        row) == 1;

    public static void Update(Tx tx, QosRow row) =>
        tx.Execute("UPDATE volume_qos SET consumer = @Consumer, specs = @Specs, updated_at = @UpdatedAt WHERE id = @Id", row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volume_qos WHERE id = @id", new { id });
}
