using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Mappings;

/// <summary>Rules that make a local user of what an identity provider says.</summary>
internal sealed record MappingRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>JSON array, as it was given.</summary>
    public string Rules { get; init; } = "[]";

    /// <summary>The form of the rules: "1.0", or "2.0", where a project may name its domain.</summary>
    public string SchemaVersion { get; init; } = MappingRules.FirstVersion;
}
