using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Transfers;

/// <summary>An offer of a volume to whoever knows its key.</summary>
internal sealed record TransferRow
{
    public const string Kind = "volume-transfer";

    public string Id { get; init; } = "";

    public string VolumeId { get; init; } = "";

    /// <summary>Who offers it.</summary>
    public string ProjectId { get; init; } = "";

    public string? Name { get; init; }

    /// <summary>Keyed hash of the random key that the acceptor must know.</summary>
    public byte[] SecretHash { get; init; } = [];

    /// <summary>True: its snapshots stay with who offers it.</summary>
    public bool NoSnapshots { get; init; }

    /// <summary>Who accepted it; null: nobody yet.</summary>
    public string? DestinationProjectId { get; init; }

    public bool Accepted { get; init; }

    public long CreatedAt { get; init; }

    public TransferDocument Document() => new(Id, VolumeId, ProjectId, Name, NoSnapshots, DestinationProjectId);
}

/// <summary>A transfer as the journal keeps it.</summary>
internal sealed record TransferDocument(string Id, string VolumeId, string ProjectId, string? Name, bool NoSnapshots, string? DestinationProjectId);

/// <summary>SQL of transfers.</summary>
internal static class TransferStore
{
    public static readonly ListShape Shape = new(
        "volume_transfers r",
        "r.id",
        [
            new("id", "r.id"), new("name", "r.name", Nullable: true), new("volume_id", "r.volume_id"),
            new("created_at", "r.created_at", ColumnKind.Number, Filterable: false),
        ],
        [new SortKey("created_at", true)]);

    public static TransferRow? Find(Session session, string id) => session.FirstOrDefault<TransferRow>("SELECT * FROM volume_transfers WHERE id = @id", new { id });

    public static void Insert(Tx tx, TransferRow row) => tx.Execute(
        """
        INSERT INTO volume_transfers (id, volume_id, project_id, name, secret_hash, no_snapshots, destination_project_id, accepted, created_at)
        VALUES (@Id, @VolumeId, @ProjectId, @Name, @SecretHash, @noSnapshots, NULL, 0, @CreatedAt)
        """,
        new { row.Id, row.VolumeId, row.ProjectId, row.Name, row.SecretHash, noSnapshots = row.NoSnapshots ? 1L : 0L, row.CreatedAt });

    public static void Accept(Tx tx, string id, string project) =>
        tx.Execute("UPDATE volume_transfers SET accepted = 1, destination_project_id = @project WHERE id = @id", new { id, project });

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volume_transfers WHERE id = @id", new { id });

    public static void DeleteOfVolume(Tx tx, string volumeId) => tx.Execute("DELETE FROM volume_transfers WHERE volume_id = @volumeId", new { volumeId });
}
