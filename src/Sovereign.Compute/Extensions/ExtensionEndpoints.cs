using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Extensions;

/// <summary>The fixed list that every cloud of today answers, whatever it can do: microversions have taken its place, but old clients look names up in it.</summary>
internal static class ExtensionEndpoints
{
    private const string Namespace = "http://docs.openstack.org/compute/ext/fake_xml";
    private static readonly Lazy<List<Extension>> all = new(Load);

    public static void Map(BothRoutes both)
    {
        both.Get("/extensions", "compute:extensions:list", _ => Task.FromResult(Render.List("extensions", all.Value, Members)));
        both.Get("/extensions/{alias}", "compute:extensions:list", call => Task.FromResult(all.Value.Find(one => one.Alias == call.Route("alias")) is { } found
            ? Render.Object(200, "extension", json => Members(json, found))
            : Wire.NotFound("The extension could not be found.")));
    }

    private static void Members(Utf8JsonWriter json, Extension extension)
    {
        json.WriteString("alias", extension.Alias);
        json.WriteString("description", extension.Description);
        json.WriteStartArray("links");
        json.WriteEndArray();
        json.WriteString("name", extension.Name);
        json.WriteString("namespace", Namespace);
        json.WriteString("updated", extension.Updated);
    }

    private static List<Extension> Load()
    {
        using var file = typeof(ExtensionEndpoints).Assembly.GetManifestResourceStream("extensions.json")!;
        return JsonSerializer.Deserialize(file, ExtensionJson.Default.ListExtension)!;
    }
}

internal sealed record Extension(string Alias, string Name, string Description, string Updated);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(List<Extension>))]
internal sealed partial class ExtensionJson : JsonSerializerContext;
