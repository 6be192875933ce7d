namespace Sovereign.Volume;

/// <summary>A volume as it is ordered; at most one of the sources is set, none is a blank volume.</summary>
/// <param name="SizeGib">0: as large as its source.</param>
/// <param name="Type">Name or id of its type; null: that of its source, or the default one.</param>
/// <param name="Zone">Null: the one that there is.</param>
public sealed record VolumeOrder(string? Name, string? Description, long SizeGib, string? Type = null, string? Zone = null)
{
    /// <summary>An image of the image service.</summary>
    public string? ImageId { get; init; }

    public string? SnapshotId { get; init; }

    public string? SourceVolumeId { get; init; }

    public string? BackupId { get; init; }

    internal string? GroupId { get; init; }

    /// <summary>True: it is made by the restore of the backup, which its state shows.</summary>
    internal bool Restoring { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The node of the server that it is for; null: any node.</summary>
    public string? NodeId { get; init; }
}
