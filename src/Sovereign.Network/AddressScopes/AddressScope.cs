using Sovereign.Network.Wire;

namespace Sovereign.Network.AddressScopes;

/// <summary>Subnet pools in one scope have no address twice, so that routers may pass their packets on unchanged.</summary>
internal sealed record AddressScopeRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public long IpVersion { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public AddressScopeView ToView(bool shared) => new()
    {
        Id = Id, ProjectId = ProjectId, TenantId = ProjectId, Name = Name, IpVersion = IpVersion, Shared = shared,
    };
}
