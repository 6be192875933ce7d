using Sovereign.Kernel.Outcomes;

namespace Sovereign.Volume.Wire;

/// <summary>Faults that several rooms share, in the words of the original.</summary>
internal static class VolumeFaults
{
    public static Fault Volume(string id) => new Fault.NotFound("Volume", id);

    public static Fault Snapshot(string id) => new Fault.NotFound("Snapshot", id);

    public static Fault Type(string id) => new Fault.NotFound("Volume type", id);

    /// <summary>A 404 in words of its own.</summary>
    public static Fault Missing(string message) => new Fault.NotFound("", "") with { Message = message };

    public static Fault InvalidVolume(string why) => new Fault.Invalid("", "Invalid volume: " + why);

    /// <summary>An administrator said that it is well, but no node ever made it.</summary>
    public static Fault Unplaced(string id) => InvalidVolume($"Volume {id} was never made by a node: delete it.");

    public static Fault InvalidInput(string why) => new Fault.Invalid("", "Invalid input received: " + why);

    public static Fault NotAllowed(string action) => new Fault.Forbidden($"Policy doesn't allow {action} to be performed.");
}
