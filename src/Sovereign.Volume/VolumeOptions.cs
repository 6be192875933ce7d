namespace Sovereign.Volume;

/// <summary>What the operator decided about volumes.</summary>
/// <param name="Zone">Name of the one availability zone; compute's has the same one.</param>
/// <param name="BackupDirectory">Where backups are kept; null: a directory of the control plane's own.</param>
public sealed record VolumeOptions(string Zone = "nova", string? BackupDirectory = null);
