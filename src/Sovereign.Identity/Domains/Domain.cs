using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Domains;

/// <summary>A domain: the owner of users, groups and projects.</summary>
internal sealed record DomainRow : IRow
{
    /// <summary>Id of the domain that exists from the first start.</summary>
    public const string DefaultId = "default";

    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Enabled { get; init; }

    public string Tags { get; init; } = "[]";

    public string Options { get; init; } = "{}";

    public string Extra { get; init; } = "{}";

    /// <summary>Microseconds UTC; tokens of the domain and of its users issued before are void.</summary>
    public long RevokedBefore { get; init; }

    public DomainEntry Entry => new(Id, Name, Enabled, RevokedBefore);
}
