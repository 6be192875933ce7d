using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.ApplicationCredentials;

internal sealed record CredentialBody(CredentialWrite ApplicationCredential);

/// <summary>What a client sends to create an application credential.</summary>
internal sealed record CredentialWrite(string Name)
{
    public string? Secret { get; set; }

    public string? Description { get; set; }

    public string? ExpiresAt { get; set; }

    public bool? Unrestricted { get; set; }

    public IReadOnlyList<RoleChoice>? Roles { get; set; }

    public IReadOnlyList<AccessRuleWrite>? AccessRules { get; set; }
}

/// <summary>A rule by its id, or by its words.</summary>
internal sealed record AccessRuleWrite(string? Id = null, string? Service = null, string? Method = null, string? Path = null);

internal sealed record AccessRuleView(string Id, string Service, string Method, string Path, SelfLink Links)
{
    public static AccessRuleView From(AccessRuleRow row, House house) =>
        new(row.Id, row.Service, row.Method, row.Path, new(house.Link($"/users/{row.UserId}/access_rules/{row.Id}")));
}

internal sealed record AccessRuleAnswer(AccessRuleView AccessRule);

internal sealed record RuleOfCredentialView(string Id, string Service, string Method, string Path);

internal sealed record RoleChoice(string? Id = null, string? Name = null);

internal sealed record RoleOfCredentialView(string Id, string Name, string? DomainId, string? Description, JsonElement Options);

internal sealed record CredentialView(
    string Id, string Name, string? Description, string UserId, string ProjectId, string? System, string? ExpiresAt, bool Unrestricted,
    IReadOnlyList<RoleOfCredentialView> Roles, SelfLink Links)
{
    /// <summary>Shown once, in the answer to the creation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    /// <summary>The only calls that its tokens may make; left out when they may make any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RuleOfCredentialView>? AccessRules { get; init; }

    public static CredentialView From(CredentialShown shown, House house) => From(shown.Row, shown.Roles, house) with
    {
        Secret = shown.Secret,
        AccessRules = shown.Rules.Count == 0 ? null : [.. shown.Rules.Select(rule => new RuleOfCredentialView(rule.Id, rule.Service, rule.Method, rule.Path))],
    };

    private static CredentialView From(CredentialRow row, IEnumerable<RoleRow> roles, House house) => new(
        row.Id, row.Name, row.Description, row.UserId, row.ProjectId, System: null, Times.Bare(row.ExpiresAt), row.Unrestricted,
        [.. roles.Select(role => new RoleOfCredentialView(
            role.Id, role.Name, role.DomainId.Length == 0 ? null : role.DomainId, role.Description, Members.Parse(role.Options)))],
        new(house.Link("/application_credentials/" + row.Id)));
}

internal static class Times
{
    /// <summary>As the original shows an expiry: microseconds without a zone; null for never.</summary>
    public static string? Bare(long micros) => micros == 0 ? null : Micros.ToMicrosBare(micros);
}

internal sealed record CredentialAnswer(CredentialView ApplicationCredential);

internal sealed record CredentialList(IReadOnlyList<CredentialView> ApplicationCredentials, CollectionLinks Links);

internal sealed record AccessRuleList(IReadOnlyList<AccessRuleView> AccessRules, CollectionLinks Links);

/// <summary>A credential as the journal has it: without its secret.</summary>
internal sealed record CredentialDocument(string Id, string UserId, string ProjectId, string Name, long ExpiresAt, bool Unrestricted, IReadOnlyList<string> RoleIds)
{
    public static CredentialDocument From(CredentialRow row, IReadOnlyList<string> roleIds) =>
        new(row.Id, row.UserId, row.ProjectId, row.Name, row.ExpiresAt, row.Unrestricted, roleIds);
}

[JsonSerializable(typeof(CredentialBody))]
[JsonSerializable(typeof(CredentialAnswer))]
[JsonSerializable(typeof(CredentialList))]
[JsonSerializable(typeof(AccessRuleList))]
[JsonSerializable(typeof(AccessRuleAnswer))]
[JsonSerializable(typeof(CredentialDocument))]
internal sealed partial class CredentialJson : JsonSerializerContext
{
    public static readonly CredentialJson Wire = new(WireJson.Options(refuseUnknown: false));
}
