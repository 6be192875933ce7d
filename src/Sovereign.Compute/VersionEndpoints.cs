using System.Text.Json;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute;

/// <summary>Version documents where clients look for them, and the list of extensions that old clients read.</summary>
internal static class VersionEndpoints
{
    public static void Map(Routes api, BothRoutes both)
    {
        var root = api.Under(ComputeModule.Root);
        root.Get("/", "compute:versions", call => Task.FromResult(Versions(call)));
        api.Get("/", "compute:versions", call => Task.FromResult(Version(call)));
        both.Get("/extensions", "compute:extensions:list", _ => Task.FromResult(Render.List("extensions", Array.Empty<string>(), (_, _) => { })));
        both.Get("/extensions/{alias}", "compute:extensions:list", _ => Task.FromResult<Answer>(Wire.NotFound("The extension could not be found.")));
    }

    private static Answer Versions(Call call) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("versions");
        json.WriteStartObject();
        Common(json, call);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static Answer Version(Call call) => Render.Object(200, "version", json =>
    {
        Common(json, call);
        json.WriteStartArray("media-types");
        json.WriteStartObject();
        json.WriteString("base", "application/json");
        json.WriteString("type", "application/vnd.openstack.compute+json;version=2.1");
        json.WriteEndObject();
        json.WriteEndArray();
    });

    private static void Common(Utf8JsonWriter json, Call call)
    {
        json.WriteString("id", "v2.1");
        json.WriteString("status", "CURRENT");
        json.WriteString("version", ComputeVersions.Table.Max.ToString());
        json.WriteString("min_version", ComputeVersions.Table.Min.ToString());
        json.WriteString("updated", "2013-07-23T11:33:21Z");
        json.WriteStartArray("links");
        json.WriteStartObject();
        json.WriteString("rel", "self");
        json.WriteString("href", call.PublicUrl + ComputeModule.Prefix + "/");
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
