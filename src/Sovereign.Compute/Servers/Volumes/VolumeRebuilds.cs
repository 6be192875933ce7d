using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Control;
using Sovereign.Volume;

namespace Sovereign.Compute.Servers.Volumes;

/// <summary>Rebuilds of servers that boot from a volume: its content stays, or is made anew while the guest is off.</summary>
internal sealed class VolumeRebuilds(KernelServices kernel, INodes nodes, IVolumes volumes, Domains domains, BootVolumes boots)
{
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);

    /// <summary>Why the server can't be rebuilt with this image; null when it can.</summary>
    public Fault? Refused(Session session, ServerRow row, BlockDeviceRow root, ImageInfo image, bool reimages)
    {
        var volume = volumes.Of(session, [root.VolumeId]).GetValueOrDefault(root.VolumeId);
        if (!reimages && volume?.ImageMetadata.GetValueOrDefault("image_id") != image.Id)
        {
            return new Fault.Invalid("imageRef", $"Image {image.Id} is unacceptable: Unable to rebuild with a different image for a volume-backed server.");
        }

        return ServerCreation.WrongImage(image, row.RamMib, diskGib: 0);
    }

    /// <summary>Orders the new content; the guest is off meanwhile.</summary>
    public Outcome<ServerRow> Begin(Tx tx, AccessGrant access, ServerRow row, BlockDeviceRow root, string imageId) =>
        volumes.Reimage(tx, access, root.VolumeId, imageId).Map(_ => row.Move(row.VmState, ServerStates.RebuildMapping));

    /// <summary>Starts the server again when its volume has the new content.</summary>
    public async Task<Progress> Reimage(ServerRow row, CancellationToken stop)
    {
        if (row.TaskState != ServerStates.RebuildMapping) return Progress.Done;
        if (kernel.Database.Read(session => boots.Ready(session, row)) is { Ok: true, Value: false }) return new Progress.Waiting(nodeWait, "its volume to be made anew");
        await kernel.Queue.Write<Done>(
            "server.reimaged",
            Origin.System with { ProjectId = row.ProjectId },
            tx =>
            {
                if (ServerStore.Find(tx, row.Id) is not { Deleting: false, TaskState: ServerStates.RebuildMapping, NodeId: { } node } now) return Done.Value;
                var ready = boots.Ready(tx, now);
                if (ready is { Ok: true, Value: false }) return Done.Value;
                var next = ready.Fault is { } broken
                    ? now.Fail(broken.Message, tx.Now) with { PowerTarget = ServerStates.TargetShutoff }
                    : ServerMoves.Anew(now.Move(now.VmState, ServerStates.Rebuilding), hard: true);
                nodes.Put(tx, node, domains.Item(tx, next));
                tx.Due("server", now.Id);
                return ServerReconciler.Save(tx, next, ready.Fault?.Message);
            },
            stop);
        return new Progress.Waiting(nodeWait, "its node to start it");
    }
}
