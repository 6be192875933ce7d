using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Catalog;

internal sealed record ServiceBody(ServiceWrite Service);

internal sealed record ServiceWrite
{
    public string? Type { get; set; }

    public Optional<string> Name { get; set; }

    public Optional<string> Description { get; set; }

    public bool? Enabled { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record EndpointBody(EndpointWrite Endpoint);

internal sealed record EndpointWrite
{
    public string? ServiceId { get; set; }

    public Optional<string> RegionId { get; set; }

    /// <summary>The older word for the region.</summary>
    public string? Region { get; set; }

    public string? Interface { get; set; }

    public string? Url { get; set; }

    public bool? Enabled { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record RegionBody(RegionWrite Region);

internal sealed record RegionWrite
{
    public string? Id { get; set; }

    public Optional<string> Description { get; set; }

    public Optional<string> ParentRegionId { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record ServiceView(
    string Id, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name, string Type, bool Enabled, SelfLink Links)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static ServiceView From(ServiceRow row, House house) => new(row.Id, row.Name, row.Type, row.Enabled, new(house.Link("/services/" + row.Id)))
    {
        Description = row.Description, Others = Members.Show(row.Extra),
    };
}

internal sealed record EndpointView(string Id, string Interface, string? RegionId, string ServiceId, string Url, bool Enabled, string? Region, SelfLink Links)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static EndpointView From(EndpointRow row, House house, CatalogRenderer renderer) => new(
        row.Id, row.Interface, row.RegionId, row.ServiceId, renderer.ShowUrl(row.Url), row.Enabled, row.RegionId, new(house.Link("/endpoints/" + row.Id)))
    {
        Others = Members.Show(row.Extra),
    };
}

internal sealed record RegionView(string Id, string Description, string? ParentRegionId, SelfLink Links)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static RegionView From(RegionRow row, House house) =>
        new(row.Id, row.Description, row.ParentRegionId, new(house.Link("/regions/" + row.Id))) { Others = Members.Show(row.Extra) };
}

[JsonSerializable(typeof(ServiceBody))]
[JsonSerializable(typeof(EndpointBody))]
[JsonSerializable(typeof(RegionBody))]
[JsonSerializable(typeof(ServiceView))]
[JsonSerializable(typeof(EndpointView))]
[JsonSerializable(typeof(RegionView))]
internal sealed partial class CatalogJson : JsonSerializerContext
{
    public static readonly CatalogJson Wire = new(WireJson.Options(refuseUnknown: false));
}
