using System.Text.Json;
using Sovereign.Kernel.Wire;

namespace Sovereign.Volume;

/// <summary>Version documents where clients look for them.</summary>
internal static class VersionEndpoints
{
    public static void Map(Routes api)
    {
        api.Under(VolumeModule.Root, microversions: false).Get("/", "volume:versions", call => Task.FromResult(Versions(call, 300)));
        api.Get("/", "volume:version", call => Task.FromResult(Versions(call, 200)));
    }

    private static Answer Versions(Call call, int status) => Render.Json(status, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("versions");
        json.WriteStartObject();
        Members(json, call);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void Members(Utf8JsonWriter json, Call call)
    {
        json.WriteString("id", "v3.0");
        json.WriteString("status", "CURRENT");
        json.WriteString("version", VolumeVersions.Table.Max.ToString());
        json.WriteString("min_version", VolumeVersions.Table.Min.ToString());
        json.WriteString("updated", "2022-08-31T00:00:00Z");
        json.WriteStartArray("links");
        json.WriteStartObject();
        json.WriteString("rel", "describedby");
        json.WriteString("type", "text/html");
        json.WriteString("href", "https://docs.openstack.org/");
        json.WriteEndObject();
        Render.Link(json, "self", call.PublicUrl + VolumeModule.Prefix + "/");
        json.WriteEndArray();
        json.WriteStartArray("media-types");
        json.WriteStartObject();
        json.WriteString("base", "application/json");
        json.WriteString("type", "application/vnd.openstack.volume+json;version=3");
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
