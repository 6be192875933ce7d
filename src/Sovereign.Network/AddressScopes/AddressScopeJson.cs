using Sovereign.Kernel.Wire;

namespace Sovereign.Network.AddressScopes;

internal sealed record AddressScopeView
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public bool Shared { get; init; }

    public long IpVersion { get; init; }

    public string TenantId { get; init; } = "";
}

internal sealed record AddressScopeBody
{
    public AddressScopeWish? AddressScope { get; init; }

    public IReadOnlyList<AddressScopeWish>? AddressScopes { get; init; }
}

internal sealed record AddressScopeWish
{
    public Optional<string> Name { get; init; }

    public Optional<long?> IpVersion { get; init; }

    public Optional<bool?> Shared { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}
