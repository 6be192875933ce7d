using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Flavors;

internal sealed record FlavorCreateBody(FlavorCreate Flavor);

internal sealed record FlavorCreate(
    string Name, int Ram, int Vcpus, int Disk, JsonElement? Id = null, int? Swap = null, double? RxtxFactor = null,
    [property: JsonPropertyName("OS-FLV-EXT-DATA:ephemeral")] int? Ephemeral = null,
    [property: JsonPropertyName("os-flavor-access:is_public")] JsonElement? IsPublic = null, Optional<string> Description = default);

internal sealed record FlavorUpdateBody(FlavorUpdate Flavor);

internal sealed record FlavorUpdate(string? Description);

internal sealed record ExtraSpecsBody(Dictionary<string, JsonElement> ExtraSpecs);

internal sealed record FlavorActionBody(
    [property: JsonPropertyName("addTenantAccess")] TenantAccess? AddTenantAccess = null,
    [property: JsonPropertyName("removeTenantAccess")] TenantAccess? RemoveTenantAccess = null);

internal sealed record TenantAccess(string Tenant);

/// <summary>One line of the standard flavors' data file.</summary>
internal sealed record StandardFlavor(string Name, int Vcpus, int Ram, int Disk, Dictionary<string, string> ExtraSpecs);

[JsonSerializable(typeof(FlavorCreateBody))]
[JsonSerializable(typeof(FlavorUpdateBody))]
[JsonSerializable(typeof(ExtraSpecsBody))]
[JsonSerializable(typeof(FlavorActionBody))]
[JsonSerializable(typeof(FlavorDocument))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(List<StandardFlavor>))]
internal sealed partial class FlavorJson : JsonSerializerContext
{
    public static readonly FlavorJson Wire = new(WireJson.Options());
}

/// <summary>A flavor on the wire.</summary>
internal static class FlavorView
{
    public static void Short(Utf8JsonWriter json, FlavorRow flavor, Call call)
    {
        json.WriteString("id", flavor.Id);
        json.WriteString("name", flavor.Name);
        if (call.Version.Has(55)) json.WriteString("description", flavor.Description);
        json.Links(call.PublicUrl, "/flavors/" + flavor.Id);
    }

    public static void Full(Utf8JsonWriter json, FlavorRow flavor, Call call)
    {
        json.WriteString("id", flavor.Id);
        json.WriteString("name", flavor.Name);
        json.WriteNumber("ram", flavor.RamMib);
        json.WriteNumber("disk", flavor.DiskGib);
        if (flavor.SwapMib > 0 || call.Version.Has(75)) json.WriteNumber("swap", flavor.SwapMib);
        else json.WriteString("swap", "");
        json.WriteNumber("OS-FLV-EXT-DATA:ephemeral", flavor.EphemeralGib);
        json.WriteBoolean("OS-FLV-DISABLED:disabled", flavor.Disabled);
        json.WriteNumber("vcpus", flavor.Vcpus);
        json.WriteBoolean("os-flavor-access:is_public", flavor.IsPublic);
        json.WritePropertyName("rxtx_factor");
        json.WriteRawValue(double.Parse(flavor.RxtxFactor, CultureInfo.InvariantCulture).ToString("0.0######", CultureInfo.InvariantCulture));
        json.Links(call.PublicUrl, "/flavors/" + flavor.Id);
        if (call.Version.Has(55)) json.WriteString("description", flavor.Description);
        if (call.Version.Has(61)) json.Texts("extra_specs", flavor.Specs);
    }
}
