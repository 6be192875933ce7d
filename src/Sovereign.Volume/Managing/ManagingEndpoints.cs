using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Managing;

internal sealed record ManageVolumeBody(ManageVolumeWish Volume);

internal sealed record ManageVolumeWish(
    string Host, JsonElement? Ref = null, string? Name = null, string? Description = null, string? VolumeType = null, string? AvailabilityZone = null,
    Dictionary<string, string?>? Metadata = null, JsonElement? Bootable = null);

internal sealed record ManageSnapshotBody(ManageSnapshotWish Snapshot);

internal sealed record ManageSnapshotWish(
    string VolumeId, JsonElement? Ref = null, string? Name = null, string? Description = null, Dictionary<string, string?>? Metadata = null);

[JsonSerializable(typeof(ManageVolumeBody))]
[JsonSerializable(typeof(ManageSnapshotBody))]
internal sealed partial class ManagingJson : JsonSerializerContext
{
    public static readonly ManagingJson Wire = new(WireJson.Options(refuseUnknown: false));
}

/// <summary>One line of what a backend has.</summary>
/// <param name="Managed">The volume or snapshot that has it; null: nobody.</param>
/// <param name="Busy">Why it can't be managed now; null: it can.</param>
internal sealed record Manageable(string Reference, long SizeGib, string? Managed, string? Busy, string? Source = null);

/// <summary>Routes of what can be managed, under the names of their extensions and, from 3.8 on, under their own.</summary>
internal sealed class ManagingEndpoints(KernelServices kernel, ManagingService managing, VolumeView view)
{
    private const string Taken = "already managed";

    public void Map(BothRoutes api)
    {
        foreach (var (volumes, snapshots, since) in new[] { ("os-volume-manage", "os-snapshot-manage", 0), ("manageable_volumes", "manageable_snapshots", 8) })
        {
            Func<Call, Task<Answer>> From(Func<Call, Task<Answer>> handler) => call => call.Version.Has(since) ? handler(call) : Task.FromResult(Reading.Unrouted(call));
            api.Get("/" + volumes, "volume:managing:list", From(call => Task.FromResult(List(call, Volumes, "manageable-volumes", detail: false))));
            api.Get($"/{volumes}/detail", "volume:managing:list", From(call => Task.FromResult(List(call, Volumes, "manageable-volumes", detail: true))));
            api.Post("/" + volumes, "volume:managing:manage", From(Manage));
            api.Get("/" + snapshots, "volume:managing:list", From(call => Task.FromResult(List(call, Snapshots, "manageable-snapshots", detail: false))));
            api.Get($"/{snapshots}/detail", "volume:managing:list", From(call => Task.FromResult(List(call, Snapshots, "manageable-snapshots", detail: true))));
            api.Post("/" + snapshots, "volume:managing:manage", From(ManageSnapshot));
        }
    }

    private Answer List(Call call, Func<VolumePlace, IEnumerable<Manageable>> having, string name, bool detail)
    {
        if (call.Query("host") is not { Length: > 0 } host) return new Fault.Invalid("host", "Either host or cluster must be specified.");
        if (managing.Place(host) is not { } place) return VolumeFaults.Missing($"Service cinder-volume could not be found on host {host}.");
        var (limit, offset) = (Number(call, "limit"), Number(call, "offset"));
        if ((limit.Fault ?? offset.Fault) is { } wrong) return wrong;
        var descending = call.Query("sort") is not { } sort || !sort.EndsWith(":asc", StringComparison.Ordinal);
        var all = having(place);
        var ordered = call.Query("sort")?.StartsWith("size", StringComparison.Ordinal) == true
            ? all.OrderBy(one => descending ? -one.SizeGib : one.SizeGib)
            : descending ? all.OrderByDescending(one => one.Reference, StringComparer.Ordinal) : all.OrderBy(one => one.Reference, StringComparer.Ordinal);
        return Render.List(name, ordered.Skip(offset.Value ?? 0).Take(limit.Value ?? int.MaxValue), (json, one) =>
        {
            Reference(json, "reference", one.Reference);
            json.WriteNumber("size", one.SizeGib);
            json.WriteBoolean("safe_to_manage", one.Busy is null);
            if (one.Source is { } source) Reference(json, "source_reference", source);
            if (!detail) return;
            json.WriteString("reason_not_safe", one.Busy);
            json.WriteString("cinder_id", one.Managed);
            json.WriteNull("extra_info");
        });
    }

    private IEnumerable<Manageable> Volumes(VolumePlace place) => kernel.Database.Read(session => VolumeStore.OnPlace(session, place.Node.Id, place.Backend.Name)
        .Select(row => new Manageable(ManagingService.VolumePrefix + row.Id, row.SizeGib, row.Id, Taken))
        .Concat(UnmanagedStore.VolumesOf(session, place.Node.Id, place.Backend.Name)
            .Select(old => new Manageable(ManagingService.VolumePrefix + old.Id, old.SizeGib, old.ManagedBy, old.ManagedBy is null ? null : Taken))).ToList());

    private IEnumerable<Manageable> Snapshots(VolumePlace place) => kernel.Database.Read(session => VolumeStore.OnPlace(session, place.Node.Id, place.Backend.Name)
        .SelectMany(volume => SnapshotStore.OfVolume(session, volume.Id)
            .Select(row => new Manageable(ManagingService.SnapshotPrefix + row.Point, row.SizeGib, row.Id, Taken, ManagingService.VolumePrefix + volume.Id))
            .Concat(UnmanagedStore.SnapshotsOf(session, volume.Id).Select(old =>
                new Manageable(ManagingService.SnapshotPrefix + old.Id, old.SizeGib, null, null, ManagingService.VolumePrefix + volume.Id)))).ToList());

    private async Task<Answer> Manage(Call call)
    {
        var body = await call.Body(ManagingJson.Wire.ManageVolumeBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Volume;
        var bootable = Reading.Flag("bootable", wish.Bootable);
        if (bootable.Fault is { } unclear) return unclear;
        var named = ManagingService.Named(wish.Ref, ManagingService.VolumePrefix);
        if (named.Fault is { } unknown) return unknown;
        var order = Order(wish.Name, wish.Description, wish.Metadata);
        if (order.Fault is { } wrong) return wrong;
        var made = await managing.Manage(call.Access, named.Value, wish.Ref, order.Value with
        {
            Host = wish.Host,
            Type = string.IsNullOrEmpty(wish.VolumeType) ? null : wish.VolumeType,
            Bootable = bootable.Value,
            Zone = string.IsNullOrEmpty(wish.AvailabilityZone) ? null : wish.AvailabilityZone,
        }, call.Stop);
        return Answer.Of(made, row => Render.Object(202, "volume", json =>
            view.Full(json, call, row, kernel.Database.Read(session => VolumeSight.Of(session, [row])), made: true)));
    }

    private async Task<Answer> ManageSnapshot(Call call)
    {
        var body = await call.Body(ManagingJson.Wire.ManageSnapshotBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Snapshot;
        var named = ManagingService.Named(wish.Ref, ManagingService.SnapshotPrefix);
        if (named.Fault is { } unknown) return unknown;
        var order = Order(wish.Name, wish.Description, wish.Metadata);
        if (order.Fault is { } wrong) return wrong;
        return Answer.Of(
            await managing.ManageSnapshot(call.Access, wish.VolumeId, named.Value, wish.Ref, order.Value, call.Stop),
            row => Render.Object(202, "snapshot", json => SnapshotView.Short(json, call, row)));
    }

    private static Outcome<ManagingOrder> Order(string? name, string? description, Dictionary<string, string?>? metadata)
    {
        var pairs = metadata ?? [];
        return (Reading.TooLong("name", name) ?? Reading.TooLong("description", description) ?? Reading.WrongMetadata("metadata", pairs)) is { } wrong
            ? wrong
            : new ManagingOrder(name?.Trim(), description, pairs.ToDictionary(pair => pair.Key, pair => pair.Value!));
    }

    private static Outcome<int?> Number(Call call, string name)
    {
        if (call.Query(name) is not { } text) return (int?)null;
        return int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? (int?)number
            : new Fault.Invalid(name, $"{name} param must be an integer that is not negative, not '{text}'.");
    }

    private static void Reference(Utf8JsonWriter json, string name, string reference)
    {
        json.WriteStartObject(name);
        json.WriteString("source-name", reference);
        json.WriteEndObject();
    }
}
