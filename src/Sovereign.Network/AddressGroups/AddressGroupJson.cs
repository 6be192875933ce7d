using Sovereign.Kernel.Wire;

namespace Sovereign.Network.AddressGroups;

internal sealed record AddressGroupView
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Shared { get; init; }

    public IReadOnlyList<string> Addresses { get; init; } = [];

    public string TenantId { get; init; } = "";

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }
}

internal sealed record AddressGroupBody
{
    public AddressGroupWish? AddressGroup { get; init; }

    public IReadOnlyList<AddressGroupWish>? AddressGroups { get; init; }
}

/// <summary>What add_addresses and remove_addresses are given: the reference's {"address_group": {"addresses": […]}}, or {"addresses": […]}, which the
/// stock client sends.</summary>
internal sealed record AddressesBody
{
    public AddressGroupWish? AddressGroup { get; init; }

    public IReadOnlyList<string>? Addresses { get; init; }
}

internal sealed record AddressGroupWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<IReadOnlyList<string>> Addresses { get; init; }

    public Optional<bool?> Shared { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}
