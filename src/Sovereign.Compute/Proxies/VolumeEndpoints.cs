using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;
using Sovereign.Volume;

namespace Sovereign.Compute.Proxies;

internal sealed record OldVolumeBody(OldVolumeWish Volume);

internal sealed record OldVolumeWish(
    JsonElement? Size = null, string? DisplayName = null, string? DisplayDescription = null, string? VolumeType = null, string? AvailabilityZone = null,
    string? SnapshotId = null, Dictionary<string, string>? Metadata = null);

internal sealed record OldSnapshotBody(OldSnapshotWish Snapshot);

internal sealed record OldSnapshotWish(string VolumeId, string? DisplayName = null, string? DisplayDescription = null, JsonElement? Force = null);

/// <summary>Clients send more members than these; the original lets them pass.</summary>
[JsonSerializable(typeof(OldVolumeBody))]
[JsonSerializable(typeof(OldSnapshotBody))]
internal sealed partial class OldVolumeJson : JsonSerializerContext
{
    public static readonly OldVolumeJson Wire = new(WireJson.Options(refuseUnknown: false));
}

/// <summary>Volumes and snapshots by the routes that old clients still ask compute for, until 2.35 (Compute API reference, "Volume extension"); the volume service
/// has them.</summary>
internal sealed class VolumeEndpoints(IVolumeCatalog volumes)
{
    private const int FirstWithout = 36;
    private const int PageItemsMax = 1000;
    private const int NameLengthMax = 255;
    private const long SizeMaxGib = 1 << 20;

    public void Map(BothRoutes api)
    {
        api.Get("/os-volumes", "compute:volumes:list", call => Old(call, () => Task.FromResult(List(call))));
        api.Get("/os-volumes/detail", "compute:volumes:list", call => Old(call, () => Task.FromResult(List(call))));
        api.Post("/os-volumes", "compute:volumes:create", call => Old(call, () => Create(call)));
        api.Get("/os-volumes/{id}", "compute:volumes:show", call => Old(call, () => Task.FromResult(Found(volumes.Show(call.Access, call.Route("id"))))));
        api.Delete("/os-volumes/{id}", "compute:volumes:delete", call => Old(call, async () =>
            Answer.Of(await volumes.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(202))));
        api.Get("/os-snapshots", "compute:snapshots:list", call => Old(call, () => Task.FromResult(Snapshots(call))));
        api.Get("/os-snapshots/detail", "compute:snapshots:list", call => Old(call, () => Task.FromResult(Snapshots(call))));
        api.Post("/os-snapshots", "compute:snapshots:create", call => Old(call, () => Snapshot(call)));
        api.Get("/os-snapshots/{id}", "compute:snapshots:show", call => Old(call, () => Task.FromResult(
            Found(volumes.ShowSnapshot(call.Access, call.Route("id"))))));
        api.Delete("/os-snapshots/{id}", "compute:snapshots:delete", call => Old(call, async () =>
            Answer.Of(await volumes.DeleteSnapshot(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(202))));
    }

    private static Task<Answer> Old(Call call, Func<Task<Answer>> handler) =>
        call.Version.Has(FirstWithout) ? Task.FromResult(ComputeVersions.Unrouted(call)) : handler();

    private Answer List(Call call) => Answer.Of(Page(call), page =>
        Render.List("volumes", volumes.List(call.Access, page.Offset, page.Limit), Write));

    private Answer Snapshots(Call call) => Answer.Of(Page(call), page => Render.List("snapshots", volumes.ListSnapshots(call.Access, page.Offset, page.Limit), Write));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(OldVolumeJson.Wire.OldVolumeBody);
        if (body.Fault is { } malformed) return malformed;
        var asked = body.Value.Volume;
        if (Size(asked.Size) is not { } size) return new Fault.Invalid("size", $"Invalid input for field/attribute size. Value: {asked.Size}. It is a number of GiB.");
        if (Wrong(asked.DisplayName, asked.DisplayDescription) is { } wrong) return wrong;
        var order = new VolumeOrder(asked.DisplayName, asked.DisplayDescription, size, asked.VolumeType, asked.AvailabilityZone)
        {
            SnapshotId = asked.SnapshotId, Metadata = asked.Metadata ?? [],
        };
        return Found(await volumes.Create(call.Access, order, call.Stop));
    }

    private async Task<Answer> Snapshot(Call call)
    {
        var body = await call.Body(OldVolumeJson.Wire.OldSnapshotBody);
        if (body.Fault is { } malformed) return malformed;
        var asked = body.Value.Snapshot;
        if (Wire.Truth(asked.Force, false) is not { } force) return new Fault.Invalid("force", $"Invalid input for field/attribute force. Value: {asked.Force}.");
        if (Wrong(asked.DisplayName, asked.DisplayDescription) is { } wrong) return wrong;
        return Found(await volumes.CreateSnapshot(call.Access, asked.VolumeId, asked.DisplayName, asked.DisplayDescription, force, call.Stop));
    }

    private static Answer Found(Outcome<VolumeRecord> found) =>
        Answer.Of(found, volume => Render.Object(200, "volume", json => Write(json, volume)));

    private static Answer Found(Outcome<VolumeSnapshotRecord> found) => Answer.Of(found, snapshot => Render.Object(200, "snapshot", json => Write(json, snapshot)));

    private static Fault.Invalid? Wrong(string? name, string? description) => name is { Length: > NameLengthMax } || description is { Length: > NameLengthMax }
        ? new Fault.Invalid("display_name", $"Names and descriptions have at most {NameLengthMax} characters.")
        : null;

    /// <summary>Numbers arrive as texts, too.</summary>
    private static long? Size(JsonElement? size) => size is { ValueKind: JsonValueKind.Number or JsonValueKind.String } given
        && long.TryParse(given.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= SizeMaxGib ? number : null;

    private static Outcome<(int Offset, int Limit)> Page(Call call)
    {
        var (offset, limit) = (0, PageItemsMax);
        foreach (var name in new[] { "offset", "limit" })
        {
            if (call.Query(name) is not { } text) continue;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return new Fault.Invalid(name, $"{name} param must be an integer that is not negative");
            }

            if (name == "offset") offset = number;
            else limit = Math.Min(number, PageItemsMax);
        }

        return (offset, limit);
    }

    private static void Write(Utf8JsonWriter json, VolumeRecord record)
    {
        json.WriteString("id", record.Volume.Id);
        json.WriteString("status", record.Volume.Status);
        json.WriteNumber("size", record.Volume.SizeGib);
        json.WriteString("availabilityZone", record.Volume.Zone);
        json.WriteString("createdAt", Micros.ToMicrosBare(record.CreatedAt));
        json.WriteStartArray("attachments");
        // One that nothing has is an empty object, as in the original.
        if (record.Attachments.Count == 0)
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }

        foreach (var attachment in record.Attachments)
        {
            json.WriteStartObject();
            json.WriteString("id", record.Volume.Id);
            json.WriteString("volumeId", record.Volume.Id);
            json.WriteString("serverId", attachment.ServerId);
            if (attachment.Device is { } device) json.WriteString("device", device);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("displayName", record.Volume.Name);
        json.WriteString("displayDescription", record.Description);
        json.WriteString("volumeType", record.Type);
        json.WriteString("snapshotId", record.SnapshotId);
        json.Texts("metadata", record.Metadata);
    }

    private static void Write(Utf8JsonWriter json, VolumeSnapshotRecord record)
    {
        json.WriteString("id", record.Snapshot.Id);
        json.WriteString("volumeId", record.Snapshot.VolumeId);
        json.WriteString("status", record.Snapshot.Status);
        json.WriteNumber("size", record.Snapshot.SizeGib);
        json.WriteString("createdAt", Micros.ToMicrosBare(record.CreatedAt));
        json.WriteString("displayName", record.Name);
        json.WriteString("displayDescription", record.Description);
    }
}
