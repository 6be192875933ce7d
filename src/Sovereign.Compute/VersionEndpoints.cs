using System.Text.Json;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute;

/// <summary>Version documents where clients look for them.</summary>
internal static class VersionEndpoints
{
    public static void Map(Routes api)
    {
        var root = api.Under(ComputeModule.Root);
        root.Get("/", "compute:versions", call => Task.FromResult(Versions(call)));
        api.Get("/", "compute:versions", call => Task.FromResult(Document(call, Common, "2.1")));
        api.Under(ComputeModule.PrefixV2, microversions: false).Get("/", "compute:versions", call => Task.FromResult(Document(call, CommonV2, "2")));
    }

    private static Answer Versions(Call call) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("versions");
        foreach (var common in (Action<Utf8JsonWriter, Call, bool>[])[CommonV2, Common])
        {
            json.WriteStartObject();
            common(json, call, false);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static Answer Document(Call call, Action<Utf8JsonWriter, Call, bool> common, string version) => Render.Object(200, "version", json =>
    {
        common(json, call, true);
        json.WriteStartArray("media-types");
        json.WriteStartObject();
        json.WriteString("base", "application/json");
        json.WriteString("type", "application/vnd.openstack.compute+json;version=" + version);
        json.WriteEndObject();
        json.WriteEndArray();
    });

    /// <summary>v2 is v2.1 without microversions.</summary>
    private static void CommonV2(Utf8JsonWriter json, Call call, bool alone) =>
        Common(json, call, alone, "v2.0", "SUPPORTED", "", "", "2011-01-21T11:33:21Z", ComputeModule.PrefixV2);

    private static void Common(Utf8JsonWriter json, Call call, bool alone) => Common(
        json, call, alone, "v2.1", "CURRENT", ComputeVersions.Table.Max.ToString(), ComputeVersions.Table.Min.ToString(), "2013-07-23T11:33:21Z", ComputeModule.Prefix);

    /// <param name="alone">True: in a document of its own, which leads to the handbook too.</param>
    private static void Common(Utf8JsonWriter json, Call call, bool alone, string id, string status, string max, string min, string updated, string prefix)
    {
        json.WriteString("id", id);
        json.WriteString("status", status);
        json.WriteString("version", max);
        json.WriteString("min_version", min);
        json.WriteString("updated", updated);
        json.WriteStartArray("links");
        json.WriteStartObject();
        json.WriteString("rel", "self");
        json.WriteString("href", call.PublicUrl + prefix + "/");
        json.WriteEndObject();
        if (alone)
        {
            json.WriteStartObject();
            json.WriteString("rel", "describedby");
            json.WriteString("type", "text/html");
            json.WriteString("href", "http://docs.openstack.org/");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
