using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Domains;

internal sealed record DomainBody(DomainWrite Domain);

/// <summary>What a client sends to create or change a domain.</summary>
internal sealed record DomainWrite
{
    public string? Name { get; set; }

    public Optional<string> Description { get; set; }

    public bool? Enabled { get; set; }

    public IReadOnlyList<string>? Tags { get; set; }

    public JsonElement? Options { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record DomainView(
    string Id, string Name, string Description, bool Enabled, IReadOnlyList<string> Tags, JsonElement Options, SelfLink Links)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static DomainView From(DomainRow row, House house, bool inside = false) => new(
        row.Id, row.Name, row.Description, row.Enabled, Members.ShowTags(row.Tags), Members.Parse(row.Options), new(house.Link("/domains/" + row.Id)))
    {
        Others = Members.Show(row.Extra, inside),
    };
}

[JsonSerializable(typeof(DomainBody))]
[JsonSerializable(typeof(DomainView))]
[JsonSerializable(typeof(DomainConfigBody))]
[JsonSerializable(typeof(DomainConfigDocument))]
internal sealed partial class DomainJson : JsonSerializerContext
{
    public static readonly DomainJson Wire = new(WireJson.Options(refuseUnknown: false));
}
