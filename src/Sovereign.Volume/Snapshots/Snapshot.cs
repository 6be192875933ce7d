using System.Collections.Frozen;

namespace Sovereign.Volume.Snapshots;

/// <summary>A volume as it was at one moment.</summary>
internal sealed record SnapshotRow
{
    /// <summary>Kind in due rows and in the journal.</summary>
    public const string Kind = "volume-snapshot";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    public string VolumeId { get; init; } = "";

    /// <summary>Type of the volume when it was taken; its quota is counted with it.</summary>
    public string TypeId { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>One of <see cref="SnapshotStates"/>.</summary>
    public string Status { get; init; } = SnapshotStates.Creating;

    public long SizeGib { get; init; }

    public string Metadata { get; init; } = "{}";

    /// <summary>"100%".</summary>
    public string Progress { get; init; } = "0%";

    public string? NodeId { get; init; }

    /// <summary>What its node knows it by, when it was managed again; null: its id.</summary>
    public string? PointId { get; init; }

    /// <summary>What its node knows it by.</summary>
    public string Point => PointId ?? Id;

    /// <summary>The group snapshot that it is part of.</summary>
    public string? GroupSnapshotId { get; init; }

    /// <summary>True: the guest's file systems are brought to rest meanwhile.</summary>
    public bool Quiesced { get; init; }

    public bool Deleting { get; init; }

    public string? Message { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public Dictionary<string, string> Pairs() => VolumeJson.Texts(Metadata);

    public SnapshotDocument Document() => new(Id, ProjectId, UserId, VolumeId, TypeId, Name, Description, Status, SizeGib, Pairs(), NodeId, Message);
}

/// <summary>A snapshot as the journal keeps it.</summary>
internal sealed record SnapshotDocument(
    string Id, string ProjectId, string UserId, string VolumeId, string TypeId, string? Name, string? Description, string Status, long SizeGib,
    Dictionary<string, string> Metadata, string? NodeId, string? Message);

/// <summary>The states of snapshots, in the API's words.</summary>
internal static class SnapshotStates
{
    public const string Creating = "creating";
    public const string Available = "available";
    public const string Deleting = "deleting";
    public const string Error = "error";
    public const string ErrorDeleting = "error_deleting";
    public const string BackingUp = "backing-up";

    /// <summary>What an administrator may set.</summary>
    public static readonly FrozenSet<string> Settable = FrozenSet.Create(StringComparer.Ordinal, Creating, Available, Deleting, Error, ErrorDeleting);
}
