using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Roles;

internal sealed record RoleBody(RoleWrite Role);

/// <summary>What a client sends to create or change a role.</summary>
internal sealed record RoleWrite
{
    public string? Name { get; set; }

    public string? DomainId { get; set; }

    public Optional<string> Description { get; set; }

    public JsonElement? Options { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record RoleView(string Id, string Name, string? DomainId, string? Description, JsonElement Options, SelfLink Links)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static RoleView From(RoleRow row, House house) => new(
        row.Id, row.Name, row.DomainId.Length == 0 ? null : row.DomainId, row.Description, Members.Parse(row.Options), new(house.Link("/roles/" + row.Id)))
    {
        Others = Members.Show(row.Extra),
    };
}

internal sealed record RoleReference(string Id, SelfLink Links, string Name)
{
    public static RoleReference From(RoleEntry role, House house) => new(role.Id, new(house.Link("/roles/" + role.Id)), role.Name);
}

internal sealed record InferenceView(RoleReference PriorRole, RoleReference Implies);

internal sealed record InferenceAnswer(InferenceView RoleInference, SelfLink Links);

internal sealed record InferencesView(RoleReference PriorRole, IReadOnlyList<RoleReference> Implies);

internal sealed record InferencesAnswer(InferencesView RoleInference, SelfLink Links);

internal sealed record InferenceList(IReadOnlyList<InferencesView> RoleInferences);

/// <summary>An inference as the journal has it.</summary>
internal sealed record InferenceDocument(string PriorRoleId, string ImpliedRoleId);

[JsonSerializable(typeof(RoleBody))]
[JsonSerializable(typeof(RoleView))]
[JsonSerializable(typeof(InferenceAnswer))]
[JsonSerializable(typeof(InferencesAnswer))]
[JsonSerializable(typeof(InferenceList))]
[JsonSerializable(typeof(InferenceDocument))]
internal sealed partial class RoleJson : JsonSerializerContext
{
    public static readonly RoleJson Wire = new(WireJson.Options(refuseUnknown: false));
}
