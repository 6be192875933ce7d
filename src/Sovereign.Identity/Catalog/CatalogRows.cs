using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Catalog;

/// <summary>A region of the cloud; regions form a tree.</summary>
internal sealed record RegionRow : IRow
{
    public string Id { get; init; } = "";

    public string Description { get; init; } = "";

    public string? ParentRegionId { get; init; }

    public string Extra { get; init; } = "{}";
}

/// <summary>A service of the catalog.</summary>
internal sealed record ServiceRow : IRow
{
    public string Id { get; init; } = "";

    public string Type { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public bool Enabled { get; init; }

    public string Extra { get; init; } = "{}";
}

/// <summary>Where one interface of a service answers in one region.</summary>
internal sealed record EndpointRow : IRow
{
    public static readonly IReadOnlyList<string> Interfaces = ["public", "internal", "admin"];

    public string Id { get; init; } = "";

    public string ServiceId { get; init; } = "";

    public string? RegionId { get; init; }

    public string Interface { get; init; } = "";

    /// <summary>A template: $(project_id)s is the project of the token, $(public_endpoint)s this cloud's public address.</summary>
    public string Url { get; init; } = "";

    public bool Enabled { get; init; }

    public string Extra { get; init; } = "{}";
}
