using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.SecurityGroups;

internal sealed record GroupView
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public bool Stateful { get; init; }

    public string TenantId { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Shared { get; init; }

    public IReadOnlyList<RuleView> SecurityGroupRules { get; init; } = [];

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }

    public string ProjectId { get; init; } = "";
}

internal sealed record RuleView
{
    public string Id { get; init; } = "";

    public string TenantId { get; init; } = "";

    public string SecurityGroupId { get; init; } = "";

    public string Ethertype { get; init; } = "";

    public string Direction { get; init; } = "";

    public string? Protocol { get; init; }

    public long? PortRangeMin { get; init; }

    public long? PortRangeMax { get; init; }

    public string? RemoteIpPrefix { get; init; }

    public string? RemoteAddressGroupId { get; init; }

    public string? NormalizedCidr { get; init; }

    public string? RemoteGroupId { get; init; }

    public string? Description { get; init; }

    /// <summary>Only inside a group's rules, as in the original.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Only inside a group's rules, as in the original.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? StandardAttrId { get; init; }

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }

    public string ProjectId { get; init; } = "";
}

internal sealed record GroupBody
{
    public GroupWish? SecurityGroup { get; init; }

    public IReadOnlyList<GroupWish>? SecurityGroups { get; init; }
}

internal sealed record GroupWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<bool?> Stateful { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}

internal sealed record RuleBody
{
    public RuleWish? SecurityGroupRule { get; init; }

    public IReadOnlyList<RuleWish>? SecurityGroupRules { get; init; }
}

internal sealed record RuleWish
{
    public Optional<string> SecurityGroupId { get; init; }

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

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}
