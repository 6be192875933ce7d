using System.Text.Json;
using Sovereign.Kernel.Wire;

namespace Sovereign.KeyManager;

/// <summary>Version documents where clients look for them, in the form of the first microversion or of those after it.</summary>
internal static class VersionEndpoints
{
    public static readonly MicroversionTable Table = new(
        "key-manager", 1, [new(0, "What there was before microversions."), new(1, "Consumers of secrets; version documents with their versions.")]);

    public static void Map(Routes root, Routes api)
    {
        root.Get("/", "key-manager:versions", call => Task.FromResult(Render.Json(300, json =>
        {
            json.WriteStartObject();
            var old = call.Version.Minor == 0;
            if (old) json.WriteStartObject("versions");
            json.WriteStartArray(old ? "values" : "versions");
            Members(json, call);
            json.WriteEndArray();
            if (old) json.WriteEndObject();
            json.WriteEndObject();
        })));
        api.Get("/", "key-manager:version", call => Task.FromResult(Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("version");
            Members(json, call);
            json.WriteEndObject();
        })));
    }

    private static void Members(Utf8JsonWriter json, Call call)
    {
        json.WriteStartObject();
        json.WriteString("id", "v1");
        json.WriteString("status", call.Version.Minor == 0 ? "stable" : "CURRENT");
        if (call.Version.Minor > 0)
        {
            json.WriteString("min_version", Table.Min.ToString());
            json.WriteString("max_version", Table.Max.ToString());
        }

        json.WriteStartArray("links");
        Render.Link(json, "self", call.PublicUrl + KeyManagerModule.Prefix + "/");
        json.WriteStartObject();
        json.WriteString("rel", "describedby");
        json.WriteString("type", "text/html");
        json.WriteString("href", "https://docs.openstack.org/");
        json.WriteEndObject();
        json.WriteEndArray();
        if (call.Version.Minor == 0)
        {
            json.WriteStartArray("media-types");
            json.WriteStartObject();
            json.WriteString("base", "application/json");
            json.WriteString("type", "application/vnd.openstack.key-manager-v1+json");
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
