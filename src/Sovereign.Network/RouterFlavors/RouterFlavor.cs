using Sovereign.Network.Wire;

namespace Sovereign.Network.RouterFlavors;

/// <summary>A kind of router that users may choose: its profiles say what makes it.</summary>
internal sealed record RouterFlavorRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>Nobody's: flavors are everyone's to choose.</summary>
    public string ProjectId => "";

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public string ServiceType { get; init; } = "";

    public bool Enabled { get; init; } = true;

    public long CreatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public RouterFlavorView ToView(IReadOnlyList<string> profiles) => new()
    {
        Id = Id, Name = Name, Description = Description, ServiceType = ServiceType, Enabled = Enabled, ServiceProfiles = profiles,
    };
}

/// <summary>What makes a router of a flavor: a driver, or words for one.</summary>
internal sealed record ServiceProfileRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId => "";

    public string? Description { get; init; }

    /// <summary>Empty: none.</summary>
    public string Driver { get; init; } = "";

    public string Metainfo { get; init; } = "";

    public bool Enabled { get; init; } = true;

    public long CreatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public ServiceProfileView ToView() => new() { Id = Id, Description = Description, Driver = Driver, Metainfo = Metainfo, Enabled = Enabled };
}

/// <summary>What can make routers here.</summary>
internal static class RouterDrivers
{
    public const string ServiceType = "L3_ROUTER_NAT";

    /// <summary>Name of the one provider, and of its driver as a stock cloud has it.</summary>
    public const string Provider = "single_node";
    public const string Driver = "neutron.services.l3_router.service_providers.single_node.SingleNodeDriver";
}
