using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Domains;
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
    string Id, string Name, string? DomainId, string Description, bool Enabled, string? ParentId, bool IsDomain, IReadOnlyList<string> Tags,
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

    /// <summary>A domain as the project that the original keeps for it.</summary>
    public static ProjectView From(DomainRow row, House house) => new(
        row.Id, row.Name, DomainId: null, row.Description, row.Enabled, ParentId: null, IsDomain: true, Members.ShowTags(row.Tags),
        Members.Parse(row.Options), new(house.Link("/projects/" + row.Id)))
    {
        Others = Members.Show(row.Extra),
    };
}

/// <summary>A project among the parents or the children of another one.</summary>
internal sealed record ProjectEntryView(ProjectView Project);

internal sealed record ProjectList(IReadOnlyList<ProjectView> Projects, CollectionLinks Links);

internal sealed record TagsBody(IReadOnlyList<string> Tags);

internal sealed record TagsAnswer(IReadOnlyList<string> Tags, SelfLink Links);

[JsonSerializable(typeof(ProjectBody))]
[JsonSerializable(typeof(ProjectView))]
[JsonSerializable(typeof(ProjectEntryView))]
[JsonSerializable(typeof(IReadOnlyList<ProjectEntryView>))]
[JsonSerializable(typeof(ProjectList))]
[JsonSerializable(typeof(TagsBody))]
[JsonSerializable(typeof(TagsAnswer))]
internal sealed partial class ProjectJson : JsonSerializerContext
{
    public static readonly ProjectJson Wire = new(WireJson.Options(refuseUnknown: false));
}
