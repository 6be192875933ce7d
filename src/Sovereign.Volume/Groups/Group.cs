using System.Collections.Frozen;
using System.Text.Json;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Volumes;

namespace Sovereign.Volume.Groups;

/// <summary>Volumes that belong together: on one backend of one node, and kept at one moment by a group snapshot.</summary>
internal sealed record GroupRow
{
    /// <summary>Kind in due rows and in the journal.</summary>
    public const string Kind = "volume-group";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>One of <see cref="GroupStates"/>.</summary>
    public string Status { get; init; } = GroupStates.Creating;

    public string TypeId { get; init; } = "";

    public string Zone { get; init; } = "";

    /// <summary>Ids of the types that its volumes may have, as a JSON list.</summary>
    public string VolumeTypes { get; init; } = "[]";

    public string? GroupSnapshotId { get; init; }

    public string? SourceGroupId { get; init; }

    public bool Deleting { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public List<string> Types() => JsonSerializer.Deserialize(VolumeTypes, GroupJson.Wire.ListString) ?? [];

    public GroupDocument Document() => new(Id, ProjectId, UserId, Name, Description, Status, TypeId, Types(), GroupSnapshotId, SourceGroupId);
}

/// <summary>A group as the journal keeps it.</summary>
internal sealed record GroupDocument(
    string Id, string ProjectId, string UserId, string? Name, string? Description, string Status, string TypeId, List<string> VolumeTypes, string? GroupSnapshotId,
    string? SourceGroupId);

/// <summary>The states of groups and of group snapshots, in the API's words.</summary>
internal static class GroupStates
{
    public const string Creating = "creating";
    public const string Available = "available";
    public const string Deleting = "deleting";
    public const string Error = "error";
    public const string ErrorDeleting = "error_deleting";

    /// <summary>What an administrator may set.</summary>
    public static readonly FrozenSet<string> Settable = FrozenSet.Create(StringComparer.Ordinal, Creating, Available, Deleting, Error, ErrorDeleting, "updating");
}

/// <summary>SQL of groups.</summary>
internal static class GroupStore
{
    public static readonly ListShape Shape = new(
        "volume_groups g",
        "g.id",
        [
            new("id", "g.id"), new("name", "g.name", Nullable: true), new("status", "g.status"), new("group_type", "g.type_id"),
            new("availability_zone", "g.zone"), new("group_snapshot_id", "g.group_snapshot_id", Nullable: true),
            new("source_group_id", "g.source_group_id", Nullable: true), new("user_id", "g.user_id"),
            new("created_at", "g.created_at", ColumnKind.Number, Filterable: false), new("updated_at", "g.updated_at", ColumnKind.Number, Filterable: false),
        ],
        [new SortKey("created_at", true)]);

    public static GroupRow? Find(Session session, string id) => session.FirstOrDefault<GroupRow>("SELECT * FROM volume_groups WHERE id = @id", new { id });

    public static List<VolumeRow> Volumes(Session session, string id) =>
        session.Query<VolumeRow>("SELECT * FROM volumes WHERE group_id = @id ORDER BY created_at, id", new { id });

    public static void Insert(Tx tx, GroupRow row) => tx.Execute(
        """
        INSERT INTO volume_groups (id, project_id, user_id, name, description, status, type_id, zone, volume_types, group_snapshot_id, source_group_id, deleting,
          created_at, updated_at)
        VALUES (@Id, @ProjectId, @UserId, @Name, @Description, @Status, @TypeId, @Zone, @VolumeTypes, @GroupSnapshotId, @SourceGroupId, @deleting, @CreatedAt,
          @UpdatedAt)
        """,
        Parameters(row));

    public static void Update(Tx tx, GroupRow row) => tx.Execute(
        "UPDATE volume_groups SET name = @Name, description = @Description, status = @Status, deleting = @deleting, updated_at = @UpdatedAt WHERE id = @Id",
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volume_groups WHERE id = @id", new { id });

    private static object Parameters(GroupRow row) => new
    {
        row.Id, row.ProjectId, row.UserId, row.Name, row.Description, row.Status, row.TypeId, row.Zone, row.VolumeTypes, row.GroupSnapshotId, row.SourceGroupId,
        deleting = row.Deleting ? 1L : 0L, row.CreatedAt, row.UpdatedAt,
    };
}
