using System.Globalization;
using System.Text;
using System.Text.Json;
using Sovereign.Compute.Flavors;
using Sovereign.Compute.Groups;
using Sovereign.Compute.Hosts;
using Sovereign.Compute.Keypairs;
using Sovereign.Image;
using Sovereign.Compute.Servers.Copies;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network;

namespace Sovereign.Compute.Servers;

/// <summary>New servers as the answer needs them.</summary>
internal sealed record CreatedServers(IReadOnlyList<ServerRow> Rows, IReadOnlyList<string> SecurityGroups, string AdminPass);

/// <summary>From an order to rows: looks up what it names, then in one transaction takes quota, makes ports and rows, and makes the servers due.</summary>
internal sealed class ServerCreation(KernelServices kernel, IImages images, INetworks networks, HostService hosts, GroupService serverGroups,
    BootVolumes volumes, ComputeOptions options)
{
    private const int AdminPassLength = 12;
    private const string PassLetters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    private const long GibBytes = 1L << 30;

    private sealed record Found(FlavorRow Flavor, ImageInfo Image, KeypairRow? Key, IReadOnlyList<NicRequest> Nics, string? WantedNode);

    public async Task<Outcome<CreatedServers>> Create(AccessGrant access, ServerOrder order, CancellationToken stop)
    {
        if (access.Caller.ProjectId is null) return new Fault.Forbidden("Servers are made with a token whose scope is a project.");
        if (order.ImageRef.Length > 0 && images.Find(access, order.ImageRef) is { Ok: true } named)
        {
            var merged = ImageDevices.Merge(order, named.Value);
            if (merged.Fault is { } wrong) return wrong;
            order = merged.Value;
        }

        var looked = LookUp(access, order);
        if (looked.Fault is { } missing) return missing;
        var adminPass = order.AdminPass ?? NewPass();
        var reservation = "r-" + kernel.Ids.Hex()[..8];
        return await kernel.Queue.Write<CreatedServers>(
            "server.create", access.Origin, tx => Make(tx, access, order, looked.Value, adminPass, reservation), stop);
    }

    private Outcome<Found> LookUp(AccessGrant access, ServerOrder order)
    {
        var image = order.ImageRef.Length > 0 ? images.Find(access, order.ImageRef) : kernel.Database.Read(session => volumes.Image(session, access, order.Devices[0]));
        if (!image.Ok) return order.ImageRef.Length > 0 ? new Fault.Invalid("imageRef", "Can not find requested image") : image.Fault!;
        if (order.Max > 1 && order.Devices.Any(device => device.Source is null))
        {
            return new Fault.Invalid("block_device_mapping_v2", "Cannot attach one or more volumes to multiple instances");
        }

        return kernel.Database.Read<Outcome<Found>>(session =>
        {
            var flavor = FlavorService.Find(session, access, order.FlavorRef);
            if (!flavor.Ok) return new Fault.Invalid("flavorRef", $"Flavor {order.FlavorRef} could not be found.");
            if (Wrong(order, image.Value, flavor.Value) is { } wrong) return wrong;
            if (HardwareRules.Read(image.Value.Properties, flavor.Value.Specs, (int)flavor.Value.Vcpus).Fault is { } noHardware) return noHardware;
            var key = order.KeyName is null ? null : KeypairStore.Find(session, access.Caller.UserId, order.KeyName);
            if (key is null && order.KeyName is not null) return new Fault.Invalid("key_name", "Invalid key_name provided.");
            if (order.Zone is { } zone && !hosts.Zones().Contains(zone))
            {
                return new Fault.Invalid("availability_zone", "The requested availability zone is not available");
            }

            var node = Node(access, order.Host);
            if (node.Fault is { } noNode) return noNode;
            var metadataMax = kernel.Quotas.Limit(session, ComputeQuotas.Service, "metadata_items", access.ProjectId);
            if (ServerOrder.WrongMetadata(order.Metadata, metadataMax) is { } wrongMetadata) return wrongMetadata;
            if (volumes.Unseen(session, access, order.Devices) is { } unseen) return unseen;
            if (InjectedFiles.Over(kernel, session, access.ProjectId, order.Files) is { } tooMuch) return tooMuch;
            return Nics(session, access, order).Map(nics => new Found(flavor.Value, image.Value, key, nics, node.Value));
        });
    }

    /// <summary>The bytes of an image are looked at when it is what the server's own disk is made of.</summary>
    private static Fault? Wrong(ServerOrder order, ImageInfo image, FlavorRow flavor)
    {
        if (!order.Devices.Any(device => device.BootIndex == 0)) return WrongImage(image, flavor.RamMib, flavor.DiskGib);
        return flavor.RamMib < image.MinRamMib ? new Fault.Invalid("flavorRef", "Flavor's memory is too small for requested image.") : null;
    }

    private Outcome<string?> Node(AccessGrant access, string? host)
    {
        if (host is null) return (string?)null;
        if (!access.Everything) return new Fault.Forbidden("Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.");
        return hosts.ByName(host) is { } node ? node.Id : new Fault.Invalid("host", $"Compute host {host} could not be found.");
    }

    private Outcome<IReadOnlyList<NicRequest>> Nics(Session session, AccessGrant access, ServerOrder order)
    {
        if (order.NicMode == NicMode.Named) return Outcome.Of(order.Nics);
        if (order.NicMode == NicMode.None) return Outcome.Of<IReadOnlyList<NicRequest>>([]);
        var found = networks.DefaultNics(session, access);
        return found.Ok && found.Value.Count == 0 && order.NicMode == NicMode.Auto && networks.CannotAllocate(session, access) is not null
            ? new Fault.Invalid("networks", $"Unable to automatically allocate a network for project {access.ProjectId}")
            : found;
    }

    internal static Fault? WrongImage(ImageInfo image, long ramMib, long diskGib)
    {
        if (image.Status != "active" || image.Digest is null) return new Fault.Invalid("imageRef", $"Image {image.Id} is not active.");
        if (image.DiskFormat is not ("qcow2" or "raw"))
        {
            return new Fault.Invalid("imageRef", $"Image {image.Id} is unacceptable: its disk format {image.DiskFormat} can't be booted here.");
        }
        if (ramMib < image.MinRamMib) return new Fault.Invalid("flavorRef", "Flavor's memory is too small for requested image.");
        if (diskGib == 0) return null;
        if (diskGib * GibBytes < image.VirtualSizeBytes)
        {
            return new Fault.Invalid(
                "flavorRef",
                $"Flavor's disk is too small for requested image. Flavor disk is {diskGib * GibBytes} bytes, image is {image.VirtualSizeBytes} bytes.");
        }

        return diskGib < image.MinDiskGib
            ? new Fault.Invalid(
                "flavorRef",
                "Flavor's disk is smaller than the minimum size specified in image metadata. "
                + $"Flavor disk is {diskGib * GibBytes} bytes, minimum size is {image.MinDiskGib * GibBytes} bytes.")
            : null;
    }

    private Outcome<CreatedServers> Make(Tx tx, AccessGrant access, ServerOrder order, Found found, string adminPass, string reservation)
    {
        var counted = ComputeQuotas.TakeServers(
            kernel.Quotas, tx, access.ProjectId, access.Caller.UserId, order.Min, order.Max, found.Flavor.Vcpus, found.Flavor.RamMib);
        if (counted.Fault is { } over) return over;
        var count = counted.Value;
        if (order.NicMode == NicMode.Auto && found.Nics.Count == 0)
        {
            var allocated = networks.Allocate(tx, access);
            if (allocated.Fault is { } none) return none;
            found = found with { Nics = [allocated.Value] };
        }

        var first = ServerStore.Numbers(tx, count);
        var rows = new List<ServerRow>(count);
        var groups = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < count; index++)
        {
            // Ids are made in here: a body that runs again makes others, and nobody saw the first.
            var row = Row(tx, access, order, found, index, first + index, reservation);
            if (order.ConfigDrive) row = row with { AdminPass = kernel.Keys.Seal(tx, row.ProjectId, Encoding.UTF8.GetBytes(adminPass), row.Id) };
            var ports = networks.Attach(tx, access, row.Id, row.Hostname, options.Zone, found.Nics, order.SecurityGroups);
            if (ports.Fault is { } refused) return refused is Fault.NotFound ? new Fault.Invalid("networks", refused.Message) : refused;
            row = row with { Addresses = ServerAddresses.Text(ports.Value), NicTags = NicTags(found.Nics, ports.Value) };
            var taken = volumes.Take(tx, access, row);
            if (taken.Fault is { } notFree) return notFree;
            row = taken.Value;
            ServerStore.Insert(tx, row);
            if (serverGroups.Join(tx, access, row.Id, order.Group) is { } noGroup) return noGroup;
            if (order.Tags.Count > 0) ServerStore.SetTags(tx, row.Id, order.Tags);
            ServerStore.Begin(tx, Action(tx, access, row));
            tx.Record("server", row.Id, row.ProjectId, Change.Created, row.Document(), ServerJson.Wire.ServerRow);
            tx.Due("server", row.Id);
            groups.UnionWith(ports.Value.SelectMany(port => port.SecurityGroupNames));
            rows.Add(row);
        }

        return new CreatedServers(rows, [.. groups], adminPass);
    }

    private ServerRow Row(Tx tx, AccessGrant access, ServerOrder order, Found found, int index, long number, string reservation)
    {
        var id = kernel.Ids.Uuid();
        var suffix = order.Max > 1 ? string.Create(CultureInfo.InvariantCulture, $"-{index + 1}") : "";
        var image = HardwareRules.Settled(found.Image, found.Flavor.Specs, (int)found.Flavor.Vcpus);
        var hostname = order.Hostname is { } own ? own + suffix : ServerOrder.HostNameOf(order.Name + suffix, id);
        return BlockDevices.Named(new ServerRow
        {
            BlockDevices = JsonSerializer.Serialize([.. order.Devices], ServerJson.Wire.ListBlockDeviceRow),
            Id = id, Number = number, ProjectId = access.ProjectId, UserId = access.Caller.UserId, Name = order.Name + suffix, Hostname = hostname,
            Description = order.Description, VmState = ServerStates.Building, TaskState = ServerStates.Scheduling,
            Status = ServerStates.Status(ServerStates.Building, ServerStates.Scheduling), FlavorId = found.Flavor.Id, Vcpus = found.Flavor.Vcpus,
            RamMib = found.Flavor.RamMib, Flavor = JsonSerializer.Serialize(found.Flavor.Document(), FlavorJson.Wire.FlavorDocument), ImageId = found.Image.Id,
            Image = JsonSerializer.Serialize(image, ServerJson.Wire.ImageInfo), BootedBy = BootedBy.Text(access.Caller),
            KeyName = found.Key?.Name, PublicKey = found.Key?.PublicKey,
            Metadata = JsonSerializer.Serialize(order.Metadata, ServerJson.Wire.DictionaryStringString),
            Tags = JsonSerializer.Serialize([.. order.Tags], ServerJson.Wire.ListString), AccessIpv4 = order.AccessIpv4, AccessIpv6 = order.AccessIpv6,
            ConfigDrive = order.ConfigDrive, UserData = order.UserData, Files = InjectedFiles.Text(order.Files), Zone = order.Zone,
            SchedulerHints = order.Hints, WantedNode = found.WantedNode, ReservationId = reservation,
            LaunchIndex = index, DiskConfig = order.DiskConfig, CreatedAt = tx.Now, UpdatedAt = tx.Now, Revision = 1,
        });
    }

    /// <summary>Ports come in the order of the NICs that were asked for.</summary>
    private static string NicTags(IReadOnlyList<NicRequest> nics, IReadOnlyList<PortInfo> ports)
    {
        var tags = nics.Zip(ports).Where(pair => pair.First.Tag is not null).ToDictionary(pair => pair.Second.Id, pair => pair.First.Tag!);
        return tags.Count == 0 ? "{}" : JsonSerializer.Serialize(tags, ServerJson.Wire.DictionaryStringString);
    }

    private static ActionRow Action(Tx tx, AccessGrant access, ServerRow row) => new()
    {
        ServerId = row.Id, RequestId = access.Origin.RequestId, Action = "create", ProjectId = row.ProjectId, UserId = access.Caller.UserId,
        ActorProjectId = access.Caller.ProjectId, Event = ServerEvents.Of("create"), StartedAt = tx.Now,
    };

    internal string NewPass()
    {
        var letters = new char[AdminPassLength];
        for (var i = 0; i < letters.Length; i++) letters[i] = PassLetters[(int)(kernel.Randomness.Fraction() * PassLetters.Length)];
        return new string(letters);
    }
}

/// <summary>Addresses as a server's row keeps them for filters.</summary>
internal static class ServerAddresses
{
    public static string Text(IReadOnlyList<PortInfo> ports)
    {
        var all = ports.SelectMany(port => port.Addresses.Select(address => address.Address).Concat(port.FloatingIps.Values));
        return " " + string.Concat(all.Select(address => address + " "));
    }
}
