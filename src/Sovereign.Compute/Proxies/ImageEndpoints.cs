using System.Globalization;
using System.Text.Json;
using Sovereign.Compute.Servers;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Proxies;

/// <summary>Images by the routes that old clients still ask compute for, until 2.35, their metadata until 2.38 (Compute API reference, "Images",
/// "Image metadata"); the image service has them.</summary>
internal sealed class ImageEndpoints(KernelServices kernel, IImages images)
{
    private const int FirstWithout = 36;
    private const int FirstWithoutMetadata = 39;
    private const int PageItemsMax = 1000;

    /// <summary>A query parameter "property-x" asks for images whose property x has this value.</summary>
    private const string PropertyPrefix = "property-";

    public void Map(BothRoutes api)
    {
        api.Get("/images", "compute:images:list", call => Old(call, FirstWithout, () => List(call, Short)));
        api.Get("/images/detail", "compute:images:list", call => Old(call, FirstWithout, () => List(call, Full)));
        api.Get("/images/{id}", "compute:images:show", call => Old(call, FirstWithout, () => Show(call)));
        api.Delete("/images/{id}", "compute:images:delete", call => Old(call, FirstWithout, () => Delete(call)));
        api.Get("/images/{id}/metadata", "compute:images:show", call => Old(call, FirstWithoutMetadata, () => Metadata(call)));
        api.Post("/images/{id}/metadata", "compute:images:metadata", call => Old(call, FirstWithoutMetadata, () => Set(call, keep: true)));
        api.Put("/images/{id}/metadata", "compute:images:metadata", call => Old(call, FirstWithoutMetadata, () => Set(call, keep: false)));
        api.Get("/images/{id}/metadata/{key}", "compute:images:show", call => Old(call, FirstWithoutMetadata, () => Item(call)));
        api.Put("/images/{id}/metadata/{key}", "compute:images:metadata", call => Old(call, FirstWithoutMetadata, () => SetItem(call)));
        api.Delete("/images/{id}/metadata/{key}", "compute:images:metadata", call => Old(call, FirstWithoutMetadata, () => DeleteItem(call)));
    }

    private static Task<Answer> Old(Call call, int firstWithout, Func<Task<Answer>> handler) =>
        call.Version.Has(firstWithout) ? Task.FromResult(ComputeVersions.Unrouted(call)) : handler();

    private Task<Answer> List(Call call, Action<Utf8JsonWriter, ImageRecord, Call> write)
    {
        var limit = PageItemsMax;
        if (call.Query("limit") is { } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit))
            {
                return Task.FromResult<Answer>(new Fault.Invalid("limit", "limit param must be an integer that is not negative"));
            }

            limit = Math.Min(limit, PageItemsMax);
        }

        var narrowing = Narrowing(call);
        if (narrowing.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        var page = images.Catalog.List(call.Access, narrowing.Value, call.Query("marker") is { Length: > 0 } marker ? marker : null, limit);
        return Task.FromResult(Answer.Of(page, found => Render.List(
            "images", found.Images, (json, image) => write(json, image, call),
            found is { More: true, Images.Count: > 0 } ? Next(call, limit, found.Images[^1].Image.Id) : null)));
    }

    private static Outcome<ImageNarrowing> Narrowing(Call call)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in call.Http.Request.Query)
        {
            if (name.StartsWith(PropertyPrefix, StringComparison.Ordinal)) properties[name[PropertyPrefix.Length..]] = values[^1] ?? "";
        }

        // A server may be named by its link.
        if (call.Query("server") is { } server) properties["instance_uuid"] = Wire.LastPart(server);
        if (call.Query("type") is { } type) properties["image_type"] = type;
        long? since = null;
        if (call.Query("changes-since") is { } text && (since = ServerFilters.Time(text)) is null)
        {
            return new Fault.Invalid("changes-since", $"Invalid changes-since value: {text}");
        }

        var (disk, ram) = (Number(call, "minDisk"), Number(call, "minRam"));
        if ((disk.Fault ?? ram.Fault) is { } wrong) return wrong;
        var status = call.Query("status") is { } asked ? Status(asked) : null;
        if (properties.Append(new("", call.Query("name") + status)).Any(p => (p.Key + p.Value).Contains('\0', StringComparison.Ordinal)))
        {
            return new Fault.Invalid("name", "A filter holds a NUL character.");
        }

        return new ImageNarrowing(call.Query("name"), status, since, disk.Value, ram.Value, properties);
    }

    private static Outcome<long?> Number(Call call, string name)
    {
        if (call.Query(name) is not { } text) return Outcome.Of<long?>(null);
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : new Fault.Invalid(name, $"Invalid {name} filter [{text}]");
    }

    private static string Next(Call call, int limit, string marker)
    {
        var others = call.Http.Request.Query.Where(pair => pair.Key is not ("limit" or "marker"))
            .SelectMany(pair => pair.Value, (pair, value) => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(value ?? "")}&");
        return string.Create(CultureInfo.InvariantCulture, $"{call.PublicUrl}{call.Http.Request.Path}?{string.Concat(others)}limit={limit}&marker={marker}");
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(Find(call), image => Render.Object(200, "image", json => Full(json, image, call))));

    private async Task<Answer> Delete(Call call)
    {
        var done = await images.Catalog.Delete(call.Access, call.Route("id"), call.Stop);
        return done.Fault is Fault.NotFound ? Missing(call) : Answer.Of(done, _ => Answer.Empty(204));
    }

    private Task<Answer> Metadata(Call call) => Task.FromResult(Answer.Of(Find(call), All));

    private Task<Answer> Item(Call call)
    {
        var key = call.Route("key");
        return Task.FromResult(Answer.Of(Find(call), image =>
            image.Image.Properties.TryGetValue(key, out var value) ? One(key, value) : Wire.NotFound("Invalid metadata key")));
    }

    private async Task<Answer> Set(Call call, bool keep)
    {
        var body = await call.Body(ProxyJson.Wire.ImageMetadataBody);
        if (body.Fault is { } wrong) return wrong;
        if (WrongKey(body.Value.Metadata.Keys) is { } wrongKey) return wrongKey;
        return Answer.Of(await Change(call, known =>
        {
            var all = keep ? known : [];
            foreach (var (key, value) in body.Value.Metadata) all[key] = value;
            return all;
        }), All);
    }

    private async Task<Answer> SetItem(Call call)
    {
        var body = await call.Body(ProxyJson.Wire.ImageMetaBody);
        if (body.Fault is { } wrong) return wrong;
        var key = call.Route("key");
        if (WrongKey(body.Value.Meta.Keys) is { } wrongKey) return wrongKey;
        if (body.Value.Meta.Count != 1) return new Fault.Invalid("meta", "Request body contains too many items");
        if (!body.Value.Meta.TryGetValue(key, out var value)) return new Fault.Invalid("meta", "Request body and URI mismatch");
        return Answer.Of(await Change(call, known =>
        {
            known[key] = value;
            return known;
        }), _ => One(key, value));
    }

    private async Task<Answer> DeleteItem(Call call)
    {
        var key = call.Route("key");
        return Answer.Of(await Change(call, known => known.Remove(key) ? known : Wire.NotFound("Invalid metadata key")), _ => Answer.Empty(204));
    }

    private async Task<Outcome<ImageRecord>> Change(Call call, Func<Dictionary<string, string>, Outcome<Dictionary<string, string>>> change)
    {
        var max = kernel.Database.Read(session => kernel.Quotas.Limit(session, ComputeQuotas.Service, "metadata_items", call.Access.Caller.ProjectId ?? ""));
        var changed = await images.Catalog.SetProperties(
            call.Access,
            call.Route("id"),
            known => change(new Dictionary<string, string>(known, StringComparer.Ordinal)).Then<IReadOnlyDictionary<string, string>>(all =>
                max >= 0 && all.Count > max ? new Fault.Forbidden("Image metadata limit exceeded") : all),
            call.Stop);
        return changed.Fault is Fault.NotFound and not { Message: "Invalid metadata key" } ? Gone(call) : changed;
    }

    private static Fault.Invalid? WrongKey(IEnumerable<string> keys) => keys.Any(key => key.Length is 0 or > 255)
        ? new Fault.Invalid("metadata", "Invalid input for field/attribute metadata. Keys have 1 to 255 characters.")
        : null;

    private Outcome<ImageRecord> Find(Call call)
    {
        var found = images.Catalog.Show(call.Access, call.Route("id"));
        return found.Fault is Fault.NotFound ? Gone(call) : found;
    }

    private static Fault Gone(Call call) => Wire.NotFound($"Image {call.Route("id")} could not be found.");

    private static Answer Missing(Call call) => Gone(call);

    private static void Short(Utf8JsonWriter json, ImageRecord image, Call call)
    {
        json.WriteString("id", image.Image.Id);
        json.WriteString("name", image.Image.Name);
        Links(json, image.Image.Id, call);
    }

    private static void Full(Utf8JsonWriter json, ImageRecord image, Call call)
    {
        var info = image.Image;
        json.WriteString("id", info.Id);
        json.WriteString("name", info.Name);
        json.WriteNumber("minRam", info.MinRamMib);
        json.WriteNumber("minDisk", info.MinDiskGib);
        json.Texts("metadata", info.Properties.OrderBy(p => p.Key, StringComparer.Ordinal));
        json.WriteString("created", Micros.ToSecondsZ(image.CreatedAt));
        json.WriteString("updated", Micros.ToSecondsZ(image.UpdatedAt));
        var (status, progress) = Shown(info.Status);
        json.WriteString("status", status);
        json.WriteNumber("progress", progress);
        json.NumberOrNull("OS-EXT-IMG-SIZE:size", image.SizeBytes);
        Links(json, info.Id, call);
        if (info.Properties.GetValueOrDefault("auto_disk_config") is { } auto) json.WriteString("OS-DCF:diskConfig", Wire.Truth(auto) == true ? "AUTO" : "MANUAL");
        if (info.Properties.GetValueOrDefault("instance_uuid") is not { } server) return;
        json.WriteStartObject("server");
        json.WriteString("id", server);
        json.Links(call.PublicUrl, "/servers/" + server);
        json.WriteEndObject();
    }

    private static void Links(Utf8JsonWriter json, string id, Call call)
    {
        json.WriteStartArray("links");
        Render.Link(json, "self", call.Link("/images/" + id));
        Render.Link(json, "bookmark", $"{call.PublicUrl}{ComputeModule.Root}/images/{id}");
        json.WriteStartObject();
        json.WriteString("rel", "alternate");
        json.WriteString("type", "application/vnd.openstack.image");
        json.WriteString("href", $"{call.PublicUrl}/image/images/{id}");
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>The image service's word and how far the content is, in percent, as compute says them.</summary>
    private static (string Status, int Progress) Shown(string status) => status switch
    {
        "active" => ("ACTIVE", 100),
        "queued" => ("SAVING", 25),
        "saving" => ("SAVING", 50),
        _ => ("UNKNOWN", 0),
    };

    /// <summary>Compute's word for a status as the image service has it; others are looked for as they are.</summary>
    private static string Status(string asked) => asked.ToUpperInvariant() switch
    {
        "ACTIVE" => "active",
        "SAVING" => "saving",
        _ => asked,
    };

    private static Answer All(ImageRecord image) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.Texts("metadata", image.Image.Properties.OrderBy(p => p.Key, StringComparer.Ordinal));
        json.WriteEndObject();
    });

    private static Answer One(string key, string value) => Render.Object(200, "meta", json => json.WriteString(key, value));
}
