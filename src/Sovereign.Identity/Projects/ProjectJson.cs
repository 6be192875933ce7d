using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Projects;

internal sealed record ProjectBody(ProjectWrite Project);

/// <summary>What a client sends to create or change a project.</summary>
internal sealed record ProjectWrite
{
    public string? Name { get; set; }

    public string? DomainId { get; set; }

    public Optional<string> ParentId { get; set; }

    public bool? IsDomain { get; set; }

    public Optional<string> Description { get; set; }

    public bool? Enabled { get; set; }

    public IReadOnlyList<string>? Tags { get; set; }

    public JsonElement? Options { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record ProjectView(
    string Id, string Name, string DomainId, string Description, bool Enabled, string ParentId, bool IsDomain, IReadOnlyList<string> Tags,
    JsonElement Options, SelfLink Links)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static ProjectView From(ProjectRow row, House house, bool inside = false) => new(
        row.Id, row.Name, row.DomainId, row.Description, row.Enabled, row.ParentId, IsDomain: false, Members.ShowTags(row.Tags), Members.Parse(row.Options),
        new(house.Link("/projects/" + row.Id)))
    {
        Others = Members.Show(row.Extra, inside),
    };
}

[JsonSerializable(typeof(ProjectBody))]
[JsonSerializable(typeof(ProjectView))]
internal sealed partial class ProjectJson : JsonSerializerContext
{
    public static readonly ProjectJson Wire = new(WireJson.Options(refuseUnknown: false));
}
