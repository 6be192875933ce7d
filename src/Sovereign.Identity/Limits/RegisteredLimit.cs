using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Limits;

/// <summary>What a resource of a service is limited to in every project that has no limit of its own.</summary>
internal sealed record RegisteredLimitRow : IRow
{
    public string Id { get; init; } = "";

    public string ServiceId { get; init; } = "";

    /// <summary>Empty for all regions.</summary>
    public string RegionId { get; init; } = "";

    public string ResourceName { get; init; } = "";

    public long DefaultLimit { get; init; }

    public string? Description { get; init; }
}

/// <summary>The limit of one project or one domain, over a registered one.</summary>
internal sealed record LimitRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>Empty for the limit of a domain.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>Empty for the limit of a project.</summary>
    public string DomainId { get; init; } = "";

    public string ServiceId { get; init; } = "";

    /// <summary>Empty for all regions.</summary>
    public string RegionId { get; init; } = "";

    public string ResourceName { get; init; } = "";

    public long ResourceLimit { get; init; }

    public string? Description { get; init; }
}
