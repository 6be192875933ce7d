using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Assignments;

/// <summary>An assignment as the journal has it.</summary>
internal sealed record AssignmentDocument(string ActorKind, string ActorId, string TargetKind, string TargetId, string RoleId, bool Inherited);

/// <summary>A resource by id, and by name where names were asked for.</summary>
internal sealed record Reference(string Id)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Reference? Domain { get; init; }
}

internal sealed record SystemScope(bool All);

internal sealed record ScopeView
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Reference? Project { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Reference? Domain { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SystemScope? System { get; init; }

    /// <summary>"projects" for a role that is inherited; the target is where it comes from or, in effective lists, where it counts.</summary>
    [JsonPropertyName("OS-INHERIT:inherited_to")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? InheritedTo { get; init; }
}

internal sealed record AssignmentLinks(string Assignment)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Membership { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PriorRole { get; init; }
}

internal sealed record AssignmentView(AssignmentLinks Links, ScopeView Scope, Reference Role)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Reference? User { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Reference? Group { get; init; }
}

internal sealed record AssignmentList(IReadOnlyList<AssignmentView> RoleAssignments, CollectionLinks Links);

[JsonSerializable(typeof(AssignmentDocument))]
[JsonSerializable(typeof(AssignmentList))]
internal sealed partial class AssignmentJson : JsonSerializerContext
{
    public static readonly AssignmentJson Wire = new(WireJson.Options());
}
