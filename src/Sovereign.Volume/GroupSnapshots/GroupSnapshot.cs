using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Groups;
using Sovereign.Volume.Snapshots;

namespace Sovereign.Volume.GroupSnapshots;

/// <summary>All volumes of a group as they were at one moment.</summary>
internal sealed record GroupSnapshotRow
{
    /// <summary>Kind in due rows and in the journal.</summary>
    public const string Kind = "volume-group-snapshot";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    public string GroupId { get; init; } = "";

    /// <summary>Type of the group.</summary>
    public string TypeId { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>One of <see cref="GroupStates"/>.</summary>
    public string Status { get; init; } = GroupStates.Creating;

    public bool Deleting { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public GroupSnapshotDocument Document() => new(Id, ProjectId, UserId, GroupId, TypeId, Name, Description, Status);
}

/// <summary>A group snapshot as the journal keeps it.</summary>
internal sealed record GroupSnapshotDocument(
    string Id, string ProjectId, string UserId, string GroupId, string TypeId, string? Name, string? Description, string Status);

/// <summary>SQL of group snapshots.</summary>
internal static class GroupSnapshotStore
{
    public static readonly ListShape Shape = new(
        "volume_group_snapshots s",
        "s.id",
        [
            new("id", "s.id"), new("name", "s.name", Nullable: true), new("status", "s.status"), new("group_id", "s.group_id"), new("group_type_id", "s.type_id"),
            new("user_id", "s.user_id"), new("created_at", "s.created_at", ColumnKind.Number, Filterable: false),
            new("updated_at", "s.updated_at", ColumnKind.Number, Filterable: false),
        ],
        [new SortKey("created_at", true)]);

    public static GroupSnapshotRow? Find(Session session, string id) =>
        session.FirstOrDefault<GroupSnapshotRow>("SELECT * FROM volume_group_snapshots WHERE id = @id", new { id });

    public static List<GroupSnapshotRow> OfGroup(Session session, string groupId) =>
        session.Query<GroupSnapshotRow>("SELECT * FROM volume_group_snapshots WHERE group_id = @groupId ORDER BY created_at, id", new { groupId });

    public static List<SnapshotRow> Snapshots(Session session, string id) =>
        session.Query<SnapshotRow>("SELECT * FROM volume_snapshots WHERE group_snapshot_id = @id ORDER BY created_at, id", new { id });

    public static void Insert(Tx tx, GroupSnapshotRow row) => tx.Execute(
        """
        INSERT INTO volume_group_snapshots (id, project_id, user_id, group_id, type_id, name, description, status, deleting, created_at, updated_at)
        VALUES (@Id, @ProjectId, @UserId, @GroupId, @TypeId, @Name, @Description, @Status, 0, @CreatedAt, @UpdatedAt)
        """,
        row);

    public static void Update(Tx tx, GroupSnapshotRow row) => tx.Execute(
        "UPDATE volume_group_snapshots SET status = @Status, deleting = @deleting, updated_at = @UpdatedAt WHERE id = @Id",
        new { row.Id, row.Status, deleting = row.Deleting ? 1L : 0L, row.UpdatedAt });

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volume_group_snapshots WHERE id = @id", new { id });
}
