using Sovereign.Network.Wire;

namespace Sovereign.Network.SecurityGroups;

/// <summary>A security group as its row has it.</summary>
internal sealed record GroupRow : IRow
{
    public const string DefaultName = "default";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Stateful { get; init; } = true;

    public bool IsDefault { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public GroupView ToView(IEnumerable<RuleRow> rules, IReadOnlyList<string> tags, bool shared) => new()
    {
        Id = Id, Name = Name, Stateful = Stateful, Shared = shared, TenantId = ProjectId, ProjectId = ProjectId, Description = Description,
        SecurityGroupRules = rules.Select(rule => rule.ToView() with { Tags = [], StandardAttrId = rule.Number }).ToList(), Tags = tags,
        CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt),
        RevisionNumber = Revision,
    };
}

/// <summary>A rule as its row has it; rules never change, they come and go.</summary>
internal sealed record RuleRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string GroupId { get; init; } = "";

    public string Direction { get; init; } = "";

    public string Ethertype { get; init; } = "";

    public string? Protocol { get; init; }

    public long? PortMin { get; init; }

    public long? PortMax { get; init; }

    public string? RemoteCidr { get; init; }

    public string? NormalizedCidr { get; init; }

    public string? RemoteGroupId { get; init; }

    public string? RemoteAddressGroupId { get; init; }

    public string? Description { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; }

    /// <summary>One more than the highest that there was when it was made.</summary>
    public long Number { get; init; }

    public bool Ingress => Direction == Directions.Ingress;

    /// <summary>What makes two rules of a group the same.</summary>
    public string Signature => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{Direction}|{Ethertype}|{Protocol}|{PortMin}|{PortMax}|{NormalizedCidr}|{RemoteGroupId}{(RemoteAddressGroupId is null ? "" : "|" + RemoteAddressGroupId)}");

    public RuleView ToView() => new()
    {
        Id = Id, TenantId = ProjectId, ProjectId = ProjectId, SecurityGroupId = GroupId, Ethertype = Ethertype, Direction = Direction, Protocol = Protocol,
        PortRangeMin = PortMin, PortRangeMax = PortMax, RemoteIpPrefix = RemoteCidr, NormalizedCidr = NormalizedCidr, RemoteGroupId = RemoteGroupId,
        RemoteAddressGroupId = RemoteAddressGroupId,
        Description = Description, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
    };
}

internal static class Directions
{
    public const string Ingress = "ingress";
    public const string Egress = "egress";
}

internal static class Ethertypes
{
    public const string Ipv4 = "IPv4";
    public const string Ipv6 = "IPv6";
}
