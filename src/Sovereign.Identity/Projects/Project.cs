using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Projects;

/// <summary>A project: the owner of what the other services make.</summary>
internal sealed record ProjectRow : IRow
{
    public string Id { get; init; } = "";

    public string DomainId { get; init; } = "";

    /// <summary>The domain, or another project of the same domain.</summary>
    public string ParentId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Enabled { get; init; }

    public string Tags { get; init; } = "[]";

    public string Options { get; init; } = "{}";

    public string Extra { get; init; } = "{}";

    /// <summary>Microseconds UTC; tokens of this project issued before are void.</summary>
    public long RevokedBefore { get; init; }

    public ProjectEntry Entry => new(Id, DomainId, ParentId, Name, Enabled, RevokedBefore);
}
