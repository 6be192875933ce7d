using System.Text;
using System.Text.Json;
using Sovereign.Compute.Flavors;
using Sovereign.Compute.Hosts;
using Sovereign.Compute.Limits;
using Sovereign.Compute.Migrating;
using Sovereign.Compute.Servers.Moving;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Placement;

namespace Sovereign.Compute.Servers;

/// <summary>Actions that stand a server still, remake its disk or change its size.</summary>
internal sealed class ServerMoves(
    KernelServices kernel, ServerService servers, ServerCreation creation, IImages images, IPlacement placement, HostService hosts, INodes nodes,
    MoveService between, VolumeRebuilds volumes)
{
    private const string NoHost = "No valid host was found. There are not enough hosts available.";

    public Task<Outcome<ServerRow>> Pause(AccessGrant access, string id, CancellationToken stop) =>
        Stand(access, id, "pause", ServerStates.Active, ServerStates.Pausing, ServerStates.TargetPaused, stop);

    public Task<Outcome<ServerRow>> Unpause(AccessGrant access, string id, CancellationToken stop) =>
        Stand(access, id, "unpause", ServerStates.Paused, ServerStates.Unpausing, ServerStates.TargetRunning, stop);

    public Task<Outcome<ServerRow>> Suspend(AccessGrant access, string id, CancellationToken stop) =>
        Stand(access, id, "suspend", ServerStates.Active, ServerStates.Suspending, ServerStates.TargetSuspended, stop);

    public Task<Outcome<ServerRow>> Resume(AccessGrant access, string id, CancellationToken stop) =>
        Stand(access, id, "resume", ServerStates.Suspended, ServerStates.Resuming, ServerStates.TargetRunning, stop);

    /// <summary>Makes the root disk anew, from the same or another image; what is not named stays.</summary>
    /// <returns>The server and the password for its answer.</returns>
    public async Task<Outcome<(ServerRow Row, string AdminPass)>> Rebuild(AccessGrant access, string id, RebuildWish wish, CancellationToken stop)
    {
        var image = images.Find(access, wish.ImageId);
        if (!image.Ok) return new Fault.Invalid("imageRef", $"Cannot find image {wish.ImageId} for rebuild");
        var adminPass = wish.AdminPass ?? creation.NewPass();
        var changed = await servers.Change(
            access,
            id,
            "rebuild",
            (tx, row) =>
            {
                if (ServerService.Refused(access, row, "rebuild", idle: true, ServerStates.Active, ServerStates.Stopped, ServerStates.Error) is { } refused)
                {
                    return refused;
                }

                var (flavor, root) = (row.FlavorThen(), BlockDevices.Root(row));
                var wrong = root is null
                    ? ServerCreation.WrongImage(image.Value, flavor.RamMib, flavor.DiskGib)
                    : volumes.Refused(tx, row, root, image.Value, wish.Reimages);
                if (wrong is not null) return wrong;
                if (HardwareRules.Read(image.Value.Properties, flavor.ExtraSpecs, (int)flavor.Vcpus).Fault is { } noHardware) return noHardware;
                var max = kernel.Quotas.Limit(tx, ComputeQuotas.Service, "metadata_items", row.ProjectId);
                if (wish.Metadata is not null && ServerOrder.WrongMetadata(wish.Metadata, max) is { } wrongMetadata) return wrongMetadata;
                if (wish.Files is { } files && InjectedFiles.Over(kernel, tx, row.ProjectId, files) is { } tooMuch) return tooMuch;
                var key = wish.KeyName.Value is { } name ? Keypairs.KeypairStore.Find(tx, access.Caller.UserId, name) : null;
                if (key is null && wish.KeyName.Value is not null) return new Fault.Invalid("key_name", "Invalid key_name provided.");
                var next = wish.Apply(row, key) with
                {
                    RootImage = null,
                    ImageId = root is null ? image.Value.Id : row.ImageId,
                    Image = JsonSerializer.Serialize(HardwareRules.Settled(image.Value, flavor.ExtraSpecs, (int)flavor.Vcpus), ServerJson.Wire.ImageInfo),
                    AdminPass = row.ConfigDrive ? kernel.Keys.Seal(tx, row.ProjectId, Encoding.UTF8.GetBytes(adminPass), row.Id) : null,
                };
                return root is not null && wish.Reimages
                    ? volumes.Begin(tx, access, next.Heal(), root, image.Value.Id).Then(begun => servers.Want(tx, begun))
                    : servers.Want(tx, Anew(next.Move(row.VmState, ServerStates.Rebuilding), hard: true).Heal());
            },
            stop);
        return changed.Map(row => (row, adminPass));
    }

    /// <summary>Another flavor, on the same node when it has room for both sizes; what it had before is kept until the resize is confirmed.</summary>
    public Task<Outcome<ServerRow>> Resize(AccessGrant access, string id, string flavorRef, string? diskConfig, CancellationToken stop) => servers.Change(
        access,
        id,
        "resize",
        (tx, row) =>
        {
            if (ServerService.Refused(access, row, "resize", idle: true, ServerStates.Active, ServerStates.Stopped) is { } refused) return refused;
            var found = FlavorService.Find(tx, access, flavorRef);
            if (!found.Ok) return new Fault.Invalid("flavorRef", $"Flavor {flavorRef} could not be found.");
            var (flavor, old) = (found.Value, row.FlavorThen());
            if (flavor.Id == row.FlavorId) return new Fault.Invalid("flavorRef", "When resizing, instances must change flavor!");
            if (flavor.DiskGib < old.DiskGib) return new Fault.Invalid("flavorRef", "Resize to a flavor with a smaller disk is not possible.");
            if (!BlockDevices.BootsFromVolume(row) && ServerCreation.WrongImage(row.ImageThen(), flavor.RamMib, flavor.DiskGib) is { } wrong) return wrong;
            if (HardwareRules.Read(row.ImageThen().Properties, flavor.Specs, (int)flavor.Vcpus).Fault is { } noHardware) return noHardware;
            if (Book(tx, row, flavor.Vcpus - row.Vcpus, flavor.RamMib - row.RamMib) is { } over) return over;
            var before = new ResizeBefore(row.FlavorId, row.Flavor, row.Vcpus, row.RamMib, row.DiskGeneration, kernel.Ids.Uuid());
            var sized = row with
            {
                FlavorId = flavor.Id,
                Flavor = JsonSerializer.Serialize(flavor.Document(), FlavorJson.Wire.FlavorDocument),
                Vcpus = flavor.Vcpus,
                RamMib = flavor.RamMib,
                DiskConfig = diskConfig ?? row.DiskConfig,
            };
            if (Claims(tx, row, sized, before.Migration) is not null) return between.Leave(tx, row, sized, MigrationKinds.Resize, null);
            var next = sized.Move(row.VmState, ServerStates.Resizing) with { BeforeResize = JsonSerializer.Serialize(before, ServerJson.Wire.ResizeBefore) };
            var host = hosts.Find(row.NodeId!)?.Node.HostName ?? "";
            MigrationStore.Begin(tx, row, MigrationKinds.Resize, (host, host), before.Migration, flavor.Id);
            return servers.Want(tx, Anew(next, hard: false));
        },
        stop);

    public Task<Outcome<ServerRow>> ConfirmResize(AccessGrant access, string id, CancellationToken stop) => servers.Change(
        access,
        id,
        "confirmResize",
        (tx, row) =>
        {
            if (ServerService.Refused(access, row, "confirmResize", idle: true, ServerStates.Resized) is { } refused) return refused;
            if (row.Before() is { } before)
            {
                between.Unmove(tx, row);
                MigrationStore.End(tx, before.Migration, "confirmed");
            }

            var state = row.PowerTarget == ServerStates.TargetRunning ? ServerStates.Active : ServerStates.Stopped;
            return servers.Want(tx, row.Move(state, null) with { BeforeResize = null });
        },
        stop);

    /// <summary>Back to the flavor and the disk that it had; what was written since the resize is lost.</summary>
    public Task<Outcome<ServerRow>> RevertResize(AccessGrant access, string id, CancellationToken stop) => servers.Change(
        access,
        id,
        "revertResize",
        (tx, row) =>
        {
            if (ServerService.Refused(access, row, "revertResize", idle: true, ServerStates.Resized) is { } refused) return refused;
            if (row.Before() is not { } before) return new Fault.Conflict($"Instance {id} has no resize to revert.");
            if (Book(tx, row, before.Vcpus - row.Vcpus, before.RamMib - row.RamMib) is { } over) return over;
            var home = before.Node ?? row.NodeId!;
            var next = MovePhases.Former(row, before).Move(ServerStates.Resized, ServerStates.Reverting) with
            {
                BeforeResize = before.Node is null ? null : row.BeforeResize,
                RebootCount = row.RebootCount + (Runs(row) && before.Node is null ? 1 : 0),
                RebootHard = true,
            };
            placement.Release(tx, before.Migration);
            MigrationStore.End(tx, before.Migration, "reverted");
            placement.Release(tx, row.Id);
            var claimed = placement.Claim(tx, new ClaimRequest(row.Id, row.ProjectId, row.UserId, ServerReconciler.Resources(next), [home]));
            if (claimed.Fault is { } full) return full;
            if (before.Node is null) return servers.Want(tx, next);
            // It starts at home when the other node has nothing of it any more.
            nodes.Remove(tx, row.NodeId!, ItemKinds.Domain, row.Id);
            tx.Due("server", row.Id);
            return next;
        },
        stop);

    private Task<Outcome<ServerRow>> Stand(
        AccessGrant access, string id, string action, string from, string task, string target, CancellationToken stop) => servers.Change(
        access,
        id,
        action,
        (tx, row) => ServerService.Refused(access, row, action, idle: true, from)
            ?? servers.Want(tx, row.Move(row.VmState, task) with { PowerTarget = target }),
        stop);

    private static bool Runs(ServerRow row) => row.PowerTarget == ServerStates.TargetRunning;

    /// <summary>The row on a new root disk, started again when it runs (or failed).</summary>
    internal static ServerRow Anew(ServerRow row, bool hard)
    {
        var runs = Runs(row) || row.VmState == ServerStates.Error;
        return row with
        {
            DiskGeneration = row.DiskLast + 1,
            DiskLast = row.DiskLast + 1,
            RebootCount = row.RebootCount + (runs ? 1 : 0),
            RebootHard = hard,
            PowerTarget = runs ? ServerStates.TargetRunning : row.PowerTarget,
        };
    }

    private Fault? Book(Tx tx, ServerRow row, long vcpus, long ramMib)
    {
        if (UserQuotas.Over(tx, row.ProjectId, row.UserId, ("cores", vcpus), ("ram", ramMib)) is { } own) return own;
        foreach (var (name, more) in new[] { ("cores", vcpus), ("ram", ramMib) })
        {
            if (more > 0 && kernel.Quotas.Take(tx, ComputeQuotas.Service, name, row.ProjectId, more).Fault is { } over) return over;
            if (more < 0) kernel.Quotas.Give(tx, ComputeQuotas.Service, name, row.ProjectId, -more);
        }

        return null;
    }

    /// <summary>Until the resize is confirmed the node must have room for the old size and the new one.</summary>
    private Fault? Claims(Tx tx, ServerRow old, ServerRow next, string migration)
    {
        ClaimRequest Request(string consumer, ServerRow row) =>
            new(consumer, row.ProjectId, row.UserId, ServerReconciler.Resources(row), [row.NodeId!]);
        if (!placement.Claim(tx, Request(migration, next)).Ok) return new Fault.Invalid("flavorRef", NoHost);
        placement.Release(tx, migration);
        placement.Release(tx, old.Id);
        return placement.Claim(tx, Request(old.Id, next)).Fault ?? placement.Claim(tx, Request(migration, old)).Fault;
    }
}
