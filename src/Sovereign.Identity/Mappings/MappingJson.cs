using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Mappings;

internal sealed record MappingBody(MappingWrite Mapping);

internal sealed record MappingWrite
{
    [JsonRequired]
    public JsonElement Rules { get; set; }

    public string? SchemaVersion { get; set; }
}

internal sealed record MappingView(string Id, JsonElement Rules, string SchemaVersion, SelfLink Links)
{
    public static MappingView From(MappingRow row, House house) =>
        new(row.Id, Members.Parse(row.Rules), row.SchemaVersion, new(house.Link("/OS-FEDERATION/mappings/" + row.Id)));
}

[JsonSerializable(typeof(MappingBody))]
[JsonSerializable(typeof(MappingView))]
internal sealed partial class MappingJson : JsonSerializerContext
{
    public static readonly MappingJson Wire = new(WireJson.Options(refuseUnknown: false));
}
