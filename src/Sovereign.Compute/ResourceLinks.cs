using System.Text.Json;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute;

/// <summary>Links of resources as the original writes them.</summary>
internal static class ResourceLinks
{
    /// <summary>The self and bookmark links of a resource, as a member of the object being written.</summary>
    public static void Links(this Utf8JsonWriter json, string publicUrl, string path)
    {
        json.WriteStartArray("links");
        Render.Link(json, "self", publicUrl + ComputeModule.Prefix + path);
        Render.Link(json, "bookmark", publicUrl + ComputeModule.Root + path);
        json.WriteEndArray();
    }

    public static void Bookmark(this Utf8JsonWriter json, string publicUrl, string path)
    {
        json.WriteStartArray("links");
        Render.Link(json, "bookmark", publicUrl + ComputeModule.Root + path);
        json.WriteEndArray();
    }
}
