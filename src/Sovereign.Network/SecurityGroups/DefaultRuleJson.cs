using System.Text.Json;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.SecurityGroups;

internal sealed record DefaultRuleView
{
    public string Id { get; init; } = "";

    public string Description { get; init; } = "";

    public string? RemoteGroupId { get; init; }

    public string? RemoteAddressGroupId { get; init; }

    public string Direction { get; init; } = "";

    public string Ethertype { get; init; } = "";

    public string? Protocol { get; init; }

    public long? PortRangeMin { get; init; }

    public long? PortRangeMax { get; init; }

    public string? RemoteIpPrefix { get; init; }

    public bool UsedInDefaultSg { get; init; }

    public bool UsedInNonDefaultSg { get; init; }

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }
}

internal sealed record DefaultRuleBody
{
    public DefaultRuleWish? DefaultSecurityGroupRule { get; init; }

    public IReadOnlyList<DefaultRuleWish>? DefaultSecurityGroupRules { get; init; }
}

internal sealed record DefaultRuleWish
{
    public Optional<string> Direction { get; init; }

    public Optional<string> Ethertype { get; init; }

    /// <summary>A name or a number, as text or as JSON number.</summary>
    public JsonElement? Protocol { get; init; }

    public Optional<long?> PortRangeMin { get; init; }

    public Optional<long?> PortRangeMax { get; init; }

    public Optional<string> RemoteIpPrefix { get; init; }

    public Optional<string> RemoteGroupId { get; init; }

    public Optional<string> RemoteAddressGroupId { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<bool?> UsedInDefaultSg { get; init; }

    public Optional<bool?> UsedInNonDefaultSg { get; init; }

    /// <summary>As a rule of the group that the template stands for.</summary>
    public RuleWish ToRule() => new()
    {
        SecurityGroupId = new(true, DefaultRuleRow.Parent), Direction = Direction, Ethertype = Ethertype, Protocol = Protocol, PortRangeMin = PortRangeMin,
        PortRangeMax = PortRangeMax, RemoteIpPrefix = RemoteIpPrefix, RemoteGroupId = RemoteGroupId, RemoteAddressGroupId = RemoteAddressGroupId,
        Description = Description,
    };
}
