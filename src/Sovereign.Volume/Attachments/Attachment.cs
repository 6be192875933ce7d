using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Attachments;

/// <summary>The tie between a volume and who uses it.</summary>
internal sealed record AttachmentRow
{
    public const string Kind = "volume-attachment";

    public string Id { get; init; } = "";

    public string VolumeId { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    /// <summary>Null: a machine that is no server of this cloud.</summary>
    public string? ServerId { get; init; }

    public string? HostName { get; init; }

    public string? Device { get; init; }

    /// <summary>"rw" or "ro".</summary>
    public string Mode { get; init; } = "rw";

    /// <summary>One of <see cref="AttachmentStates"/>.</summary>
    public string Status { get; init; } = AttachmentStates.Reserved;

    /// <summary>What the user said of where it is used (JSON); null: nothing yet.</summary>
    public string? Connector { get; init; }

    /// <summary>The node whose server has it.</summary>
    public string? NodeId { get; init; }

    public long CreatedAt { get; init; }

    /// <summary>0: it is not attached.</summary>
    public long AttachedAt { get; init; }

    public VolumeAttachmentInfo Info() => new(Id, VolumeId, ServerId, Status, Device, Mode == "ro", AttachedAt);

    public AttachmentDocument Document() => new(Id, VolumeId, ServerId, HostName, Device, Mode, Status, NodeId);
}

/// <summary>An attachment as the journal keeps it.</summary>
internal sealed record AttachmentDocument(
    string Id, string VolumeId, string? ServerId, string? HostName, string? Device, string Mode, string Status, string? NodeId);

internal static class AttachmentStates
{
    public const string Reserved = "reserved";
    public const string Attaching = "attaching";
    public const string Attached = "attached";
    public const string Detaching = "detaching";
}

/// <summary>SQL of attachments.</summary>
internal static class AttachmentStore
{
    public static readonly ListShape Shape = new(
        "volume_attachments a",
        "a.id",
        [
            new("id", "a.id"), new("volume_id", "a.volume_id"), new("instance_id", "a.server_id", Nullable: true), new("status", "a.status"),
            new("attach_status", "a.status"), new("attached_host", "a.host_name", Nullable: true), new("mountpoint", "a.device", Nullable: true),
            new("created_at", "a.created_at", ColumnKind.Number, Filterable: false),
        ],
        [new SortKey("created_at", true)]);

    public static AttachmentRow? Find(Session session, string id) =>
        session.FirstOrDefault<AttachmentRow>("SELECT * FROM volume_attachments WHERE id = @id", new { id });

    public static List<AttachmentRow> OfVolume(Session session, string volumeId) =>
        session.Query<AttachmentRow>("SELECT * FROM volume_attachments WHERE volume_id = @volumeId ORDER BY created_at, id", new { volumeId });

    public static ILookup<string, AttachmentRow> OfVolumes(Session session, IReadOnlyCollection<string> ids) =>
        (ids.Count == 0
            ? []
            : session.Query<AttachmentRow>("SELECT * FROM volume_attachments WHERE volume_id IN @ids ORDER BY created_at, id", new { ids = ids.ToList() }))
        .ToLookup(row => row.VolumeId, StringComparer.Ordinal);

    public static List<AttachmentRow> OfServers(Session session, IReadOnlyCollection<string> ids) => ids.Count == 0
        ? []
        : session.Query<AttachmentRow>("SELECT * FROM volume_attachments WHERE server_id IN @ids ORDER BY created_at, id", new { ids = ids.ToList() });

    public static void Insert(Tx tx, AttachmentRow row) => tx.Execute(
        """
        INSERT INTO volume_attachments (id, volume_id, project_id, user_id, server_id, host_name, device, mode, status, connector, node_id, created_at, attached_at)
        VALUES (@Id, @VolumeId, @ProjectId, @UserId, @ServerId, @HostName, @Device, @Mode, @Status, @Connector, @NodeId, @CreatedAt, @AttachedAt)
        """,
        row);

    public static void Update(Tx tx, AttachmentRow row) => tx.Execute(
        """
        UPDATE volume_attachments SET server_id = @ServerId, host_name = @HostName, device = @Device, mode = @Mode, status = @Status, connector = @Connector,
          node_id = @NodeId, attached_at = @AttachedAt
        WHERE id = @Id
        """,
        row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volume_attachments WHERE id = @id", new { id });

    public static void DeleteOfVolume(Tx tx, string volumeId) => tx.Execute("DELETE FROM volume_attachments WHERE volume_id = @volumeId", new { volumeId });
}
