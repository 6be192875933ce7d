using Sovereign.Kernel.Wire;

namespace Sovereign.Network.RouterFlavors;

internal sealed record RouterFlavorView
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public string ServiceType { get; init; } = "";

    public bool Enabled { get; init; }

    public IReadOnlyList<string> ServiceProfiles { get; init; } = [];
}

internal sealed record RouterFlavorBody
{
    public RouterFlavorWish? Flavor { get; init; }

    public IReadOnlyList<RouterFlavorWish>? Flavors { get; init; }
}

internal sealed record RouterFlavorWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<string> ServiceType { get; init; }

    public Optional<bool?> Enabled { get; init; }

    public Optional<IReadOnlyList<string>> ServiceProfiles { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}

internal sealed record ServiceProfileView
{
    public string Id { get; init; } = "";

    public string? Description { get; init; }

    public string Driver { get; init; } = "";

    public bool Enabled { get; init; }

    public string Metainfo { get; init; } = "";
}

internal sealed record ServiceProfileBody
{
    public ServiceProfileWish? ServiceProfile { get; init; }

    public IReadOnlyList<ServiceProfileWish>? ServiceProfiles { get; init; }
}

internal sealed record ServiceProfileWish
{
    public Optional<string> Description { get; init; }

    public Optional<string> Driver { get; init; }

    public Optional<string> Metainfo { get; init; }

    public Optional<bool?> Enabled { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}

/// <summary>A profile that a flavor gets: {"service_profile": {"id": "…"}}.</summary>
internal sealed record ProfileChoiceBody(ProfileChoice ServiceProfile);

internal sealed record ProfileChoice(string Id);
