using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Compute.Flavors;
using Sovereign.Image;

namespace Sovereign.Compute.Servers;

/// <summary>A server: what it should be (power target, reboots, deleting) and what is known of it (vm_state, task_state, power_state, fault).</summary>
internal sealed record ServerRow
{
    public string Id { get; init; } = "";

    /// <summary>Small number of this cloud's servers: "instance-0000002a".</summary>
    public long Number { get; init; }

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Hostname { get; init; } = "";

    public string? Description { get; init; }

    /// <summary>What the API shows, derived by <see cref="ServerStates.Status"/>; stored for filters.</summary>
    public string Status { get; init; } = "";

    public string VmState { get; init; } = "";

    public string? TaskState { get; init; }

    public long PowerState { get; init; }

    /// <summary>"running", "shutoff", "paused" or "suspended": what the node is asked for.</summary>
    public string PowerTarget { get; init; } = "running";

    public long RebootCount { get; init; }

    public bool RebootHard { get; init; }

    public bool Deleting { get; init; }

    public string FlavorId { get; init; } = "";

    public long Vcpus { get; init; }

    public long RamMib { get; init; }

    /// <summary>The flavor as it was at creation (JSON).</summary>
    public string Flavor { get; init; } = "{}";

    public string ImageId { get; init; } = "";

    /// <summary>The image as it was at creation (JSON).</summary>
    public string Image { get; init; } = "{}";

    public string? KeyName { get; init; }

    public string? PublicKey { get; init; }

    /// <summary>JSON object of texts.</summary>
    public string Metadata { get; init; } = "{}";

    /// <summary>JSON list of texts, sorted.</summary>
    public string Tags { get; init; } = "[]";

    /// <summary>Tags of NICs by the id of their port: JSON object of texts.</summary>
    public string NicTags { get; init; } = "{}";

    public string AccessIpv4 { get; init; } = "";

    public string AccessIpv6 { get; init; } = "";

    /// <summary>Fixed and floating addresses, each between spaces: for filters only.</summary>
    public string Addresses { get; init; } = " ";

    public bool ConfigDrive { get; init; }

    /// <summary>Base64 as given.</summary>
    public string? UserData { get; init; }

    /// <summary>Sealed with the project's key until the server is active.</summary>
    public byte[]? AdminPass { get; init; }

    /// <summary>What the guest left for its owner, sealed with the project's key.</summary>
    public byte[]? GuestPassword { get; init; }

    /// <summary>The zone asked for; null: any.</summary>
    public string? Zone { get; init; }

    /// <summary>JSON object as given; null when none was.</summary>
    public string? SchedulerHints { get; init; }

    /// <summary>The node that an administrator asked for.</summary>
    public string? WantedNode { get; init; }

    /// <summary>The node that it is on; null until it is placed.</summary>
    public string? NodeId { get; init; }

    public string ReservationId { get; init; } = "";

    public long LaunchIndex { get; init; }

    /// <summary>"owner", "admin" or null.</summary>
    public string? LockedBy { get; init; }

    public string? LockedReason { get; init; }

    public string DiskConfig { get; init; } = "MANUAL";

    /// <summary>Which root disk it runs on; rises when the disk is made anew.</summary>
    public long DiskGeneration { get; init; }

    /// <summary>The highest generation that there ever was.</summary>
    public long DiskLast { get; init; }

    /// <summary>What it was before a resize that is not yet confirmed (JSON); null otherwise.</summary>
    public string? BeforeResize { get; init; }

    /// <summary>Ids of ports that its node is told to take away (JSON list).</summary>
    public string Detaching { get; init; } = "[]";

    /// <summary>What its root disk stands on when that is not <see cref="Image"/>: what it was shelved as (JSON).</summary>
    public string? RootImage { get; init; }

    /// <summary>What it boots from to be mended (JSON); null otherwise.</summary>
    public string? Rescue { get; init; }

    /// <summary>Id of the image that it sleeps in while it is shelved.</summary>
    public string? ShelvedImage { get; init; }

    /// <summary>The volumes among its disks (JSON).</summary>
    public string BlockDevices { get; init; } = "[]";

    /// <summary>Files that its guest is given (JSON); null: none.</summary>
    public string? Files { get; init; }

    /// <summary>Who started it, as copies of it say (JSON); null: nobody knows any more.</summary>
    public string? BootedBy { get; init; }

    /// <summary>0: no fault.</summary>
    public long FaultCode { get; init; }

    public string? FaultMessage { get; init; }

    public long FaultAt { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    /// <summary>0 until it first ran.</summary>
    public long LaunchedAt { get; init; }

    /// <summary>Rises with every change, so that rendered pieces are never stale.</summary>
    public long Revision { get; init; }

    [JsonIgnore]
    public bool Locked => LockedBy is not null;

    public FlavorDocument FlavorThen() => JsonSerializer.Deserialize(Flavor, FlavorJson.Wire.FlavorDocument)!;

    public ImageInfo ImageThen() => JsonSerializer.Deserialize(Image, ServerJson.Wire.ImageInfo)!;

    /// <summary>The image that the root disk stands on.</summary>
    public ImageInfo RootThen() => RootImage is null ? ImageThen() : JsonSerializer.Deserialize(RootImage, ServerJson.Wire.ImageInfo)!;

    public RescueDisk? RescueThen() => Rescue is null ? null : JsonSerializer.Deserialize(Rescue, ServerJson.Wire.RescueDisk);

    public SortedDictionary<string, string> MetadataMap() => new(JsonSerializer.Deserialize(Metadata, ServerJson.Wire.DictionaryStringString)!, StringComparer.Ordinal);

    public Dictionary<string, string> NicTagMap() => JsonSerializer.Deserialize(NicTags, ServerJson.Wire.DictionaryStringString)!;

    public ResizeBefore? Before() => BeforeResize is null ? null : JsonSerializer.Deserialize(BeforeResize, ServerJson.Wire.ResizeBefore);

    public List<string> DetachingList() => JsonSerializer.Deserialize(Detaching, ServerJson.Wire.ListString)!;

    public List<string> TagList() => JsonSerializer.Deserialize(Tags, ServerJson.Wire.ListString)!;

    /// <summary>For the journal: without what the user keeps to themselves.</summary>
    public ServerRow Document() => this with { UserData = null, AdminPass = null, GuestPassword = null, PublicKey = null };
}

/// <summary>A server before its resize, for going back.</summary>
/// <param name="Flavor">The flavor as it was at creation (JSON).</param>
/// <param name="Migration">Id under which placement keeps what it had; also of the item under which its disks travel.</param>
internal sealed record ResizeBefore(string FlavorId, string Flavor, long Vcpus, long RamMib, long DiskGeneration, string Migration)
{
    /// <summary>The node that it leaves, which keeps its disks until the move is confirmed; null: it stays on its node.</summary>
    public string? Node { get; init; }

    /// <summary>The node that it goes to.</summary>
    public string? Target { get; init; }
}

/// <summary>What a server boots from to be mended.</summary>
/// <param name="Bus">"virtio", "scsi", "ide" or "usb".</param>
/// <param name="Last">True: the guest sees it after the root disk.</param>
/// <param name="Generation">The reboot that it was made for.</param>
internal sealed record RescueDisk(ImageInfo Image, string Bus, bool Cdrom, bool Last, int Generation);

/// <summary>The one place that says which states there are, which may follow which, and how the API words them.</summary>
internal static class ServerStates
{
    public const string Building = "building";
    public const string Active = "active";
    public const string Stopped = "stopped";
    public const string Error = "error";
    public const string Paused = "paused";
    public const string Suspended = "suspended";
    public const string Resized = "resized";
    public const string Rescued = "rescued";
    public const string Shelved = "shelved";
    public const string Offloaded = "shelved_offloaded";

    public const string Scheduling = "scheduling";
    public const string MappingDevices = "block_device_mapping";
    public const string Spawning = "spawning";
    public const string PoweringOff = "powering-off";
    public const string PoweringOn = "powering-on";
    public const string Rebooting = "rebooting";
    public const string RebootingHard = "rebooting_hard";
    public const string Pausing = "pausing";
    public const string Unpausing = "unpausing";
    public const string Suspending = "suspending";
    public const string Resuming = "resuming";
    public const string Rebuilding = "rebuilding";
    public const string RebuildMapping = "rebuild_block_device_mapping";
    public const string Resizing = "resize_migrating";
    public const string Reverting = "resize_reverting";
    public const string DeletingTask = "deleting";
    public const string Snapshotting = "image_snapshot";
    public const string BackingUp = "image_backup";
    public const string Rescuing = "rescuing";
    public const string Unrescuing = "unrescuing";
    public const string Shelving = "shelving";
    public const string ShelvingCopy = "shelving_image_uploading";
    public const string Offloading = "shelving_offloading";
    public const string Unshelving = "unshelving";
    public const string Migrating = "migrating";

    public const string TargetRunning = "running";
    public const string TargetShutoff = "shutoff";
    public const string TargetPaused = "paused";
    public const string TargetSuspended = "suspended";

    public const long PowerNone = 0;
    public const long PowerRunning = 1;
    public const long PowerPaused = 3;
    public const long PowerShutdown = 4;
    public const long PowerCrashed = 6;

    private static readonly FrozenDictionary<string, string[]> allowed = new Dictionary<string, string[]>
    {
        [Building] = [Building, Active, Stopped, Error],
        [Active] = [Active, Stopped, Paused, Suspended, Resized, Rescued, Shelved, Error],
        [Stopped] = [Stopped, Active, Resized, Rescued, Shelved, Error],
        [Paused] = [Paused, Active, Stopped, Shelved, Error],
        [Suspended] = [Suspended, Active, Stopped, Shelved, Error],
        [Resized] = [Resized, Active, Stopped, Error],
        [Rescued] = [Rescued, Active, Stopped, Error],
        [Shelved] = [Shelved, Offloaded, Active, Stopped, Error],
        [Offloaded] = [Offloaded, Active, Stopped, Error],
        [Error] = [Error, Active, Stopped, Paused, Suspended, Resized, Rescued],
    }.ToFrozenDictionary();

    /// <summary>Statuses that the API knows, and the vm_states behind them; empty for those that servers here never have.</summary>
    public static readonly FrozenSet<string> Known = FrozenSet.ToFrozenSet(
    [
        "ACTIVE", "BUILD", "DELETED", "ERROR", "HARD_REBOOT", "MIGRATING", "PASSWORD", "PAUSED", "REBOOT", "REBUILD", "RESCUE", "RESIZE", "REVERT_RESIZE",
        "SHELVED", "SHELVED_OFFLOADED", "SHUTOFF", "SOFT_DELETED", "SUSPENDED", "UNKNOWN", "VERIFY_RESIZE",
    ]);

    /// <summary>The status for a pair of states.</summary>
    public static string Status(string vmState, string? taskState) => (vmState, taskState) switch
    {
        (Building, _) => "BUILD",
        (Active, Rebooting) => "REBOOT",
        (Active, RebootingHard) => "HARD_REBOOT",
        (Active or Stopped or Error, Rebuilding or RebuildMapping) => "REBUILD",
        (Active or Stopped, Resizing) => "RESIZE",
        (Active or Paused, Migrating) => "MIGRATING",
        (Resized, Reverting) => "REVERT_RESIZE",
        (Resized, _) => "VERIFY_RESIZE",
        (Paused, _) => "PAUSED",
        (Suspended, _) => "SUSPENDED",
        (Rescued, _) => "RESCUE",
        (Shelved, _) => "SHELVED",
        (Offloaded, _) => "SHELVED_OFFLOADED",
        (Active, _) => "ACTIVE",
        (Stopped, _) => "SHUTOFF",
        (Error, RebootingHard) => "HARD_REBOOT",
        (Error, _) => "ERROR",
        _ => "UNKNOWN",
    };

    /// <summary>True while the disk is being copied into an image.</summary>
    public static bool Copies(string? taskState) => taskState is Snapshotting or BackingUp or ShelvingCopy;

    /// <summary>True while what its node reports of it says nothing of its state.</summary>
    public static bool Apart(string? taskState) => Copies(taskState) || taskState is Offloading or RebuildMapping;

    /// <summary>The row in another state.</summary>
    /// <exception cref="InvalidOperationException">The table above has no such step: a bug.</exception>
    public static ServerRow Move(this ServerRow row, string vmState, string? taskState) => allowed[row.VmState].Contains(vmState)
        ? row with { VmState = vmState, TaskState = taskState, Status = Status(vmState, taskState) }
        : throw new InvalidOperationException($"A server does not go from {row.VmState} to {vmState}.");

    /// <summary>The row in its error state, with the reason.</summary>
    public static ServerRow Fail(this ServerRow row, string message, long now) =>
        row.Move(Error, null) with { FaultCode = 500, FaultMessage = message, FaultAt = now };

    /// <summary>The row without a fault.</summary>
    public static ServerRow Heal(this ServerRow row) => row with { FaultCode = 0, FaultMessage = null, FaultAt = 0 };
}

/// <summary>What happened to a server, kept longer than the server.</summary>
internal sealed record ActionRow
{
    public string ServerId { get; init; } = "";

    public string RequestId { get; init; } = "";

    /// <summary>"create", "stop", …</summary>
    public string Action { get; init; } = "";

    /// <summary>Project of the server.</summary>
    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    public string? ActorProjectId { get; init; }

    /// <summary>"compute__do_build_and_run_instance".</summary>
    public string Event { get; init; } = "";

    public string? NodeId { get; init; }

    /// <summary>"Error" when it failed; null otherwise.</summary>
    public string? Message { get; init; }

    /// <summary>"Success", "Error", or null while it is under way.</summary>
    public string? Result { get; init; }

    public string? Details { get; init; }

    public long StartedAt { get; init; }

    /// <summary>0 while it is under way.</summary>
    public long FinishedAt { get; init; }
}
