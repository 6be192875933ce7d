using System.Text;
using System.Text.Json;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Compute.Servers;

/// <summary>Boots a server from another disk, so that its own can be mended, and back.</summary>
internal sealed class RescueService(KernelServices kernel, ServerService servers, ServerCreation creation, IImages images)
{
    /// <param name="imageId">Null: the server's own image.</param>
    /// <param name="ofVolumes">True (2.87 and later): also one that boots from a volume, when the rescue image keeps the names of the disks.</param>
    /// <returns>The password for the answer.</returns>
    public async Task<Outcome<string>> Rescue(AccessGrant access, string id, string? imageId, string? adminPass, bool ofVolumes, CancellationToken stop)
    {
        ImageInfo? chosen = null;
        if (imageId is not null)
        {
            var found = images.Find(access, imageId);
            if (!found.Ok) return new Fault.Invalid("rescue_image_ref", $"Image {imageId} could not be found.");
            chosen = found.Value;
        }

        var pass = adminPass ?? creation.NewPass();
        var changed = await servers.Change(
            access,
            id,
            "rescue",
            (tx, row) =>
            {
                var refused = ServerService.Refused(access, row, "rescue", idle: true, ServerStates.Active, ServerStates.Stopped, ServerStates.Error);
                if (refused is not null) return refused;
                if (BlockDevices.BootsFromVolume(row) && !(ofVolumes && chosen is not null && KeepsNames(chosen)))
                {
                    return new Fault.Invalid("rescue", $"Instance {id} cannot be rescued: Cannot rescue a volume-backed instance");
                }

                var image = chosen ?? row.RootThen();
                if (ServerCreation.WrongImage(image, row.RamMib, 0) is { } wrong) return wrong;
                return Disk(image, row).Then(disk => servers.Want(tx, row.Move(row.VmState, ServerStates.Rescuing) with
                {
                    Rescue = JsonSerializer.Serialize(disk, ServerJson.Wire.RescueDisk),
                    RebootCount = row.RebootCount + 1,
                    RebootHard = row.VmState == ServerStates.Error,
                    PowerTarget = ServerStates.TargetRunning,
                    AdminPass = row.ConfigDrive ? kernel.Keys.Seal(tx, row.ProjectId, Encoding.UTF8.GetBytes(pass), row.Id) : null,
                }));
            },
            stop);
        return changed.Map(_ => pass);
    }

    public Task<Outcome<ServerRow>> Unrescue(AccessGrant access, string id, CancellationToken stop) => servers.Change(
        access,
        id,
        "unrescue",
        (tx, row) => ServerService.Refused(access, row, "unrescue", idle: true, ServerStates.Rescued) ?? servers.Want(
            tx, row.Move(row.VmState, ServerStates.Unrescuing) with
            {
                Rescue = null,
                RebootCount = row.RebootCount + 1,
                RebootHard = true,   // what mends a server keeps nothing of its own
                PowerTarget = ServerStates.TargetRunning,
            }),
        stop);

    private static bool KeepsNames(ImageInfo image) => image.Properties.ContainsKey("hw_rescue_device") || image.Properties.ContainsKey("hw_rescue_bus");

    /// <summary>How the guest sees the disk: first, as its own, unless the image says that it is to keep the names of the others.</summary>
    private static Outcome<RescueDisk> Disk(ImageInfo image, ServerRow row)
    {
        var generation = (int)row.RebootCount + 1;
        var (device, bus) = (image.Properties.GetValueOrDefault("hw_rescue_device"), image.Properties.GetValueOrDefault("hw_rescue_bus"));
        if (device is null && bus is null) return new RescueDisk(image, Domains.DiskBus(image.Properties), Cdrom: false, Last: false, generation);
        bus ??= device == "cdrom" ? "ide" : "virtio";
        var known = (device ?? "disk", bus) is ("disk", "virtio" or "scsi" or "ide" or "usb") or ("cdrom", "ide" or "scsi");
        return known
            ? new RescueDisk(image, bus, device == "cdrom", Last: true, generation)
            : new Fault.Invalid("rescue_image_ref", $"Requested rescue device '{device}' on the bus '{bus}' is not supported here.");
    }
}
