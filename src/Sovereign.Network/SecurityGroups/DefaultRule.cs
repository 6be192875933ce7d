using Sovereign.Network.Wire;

namespace Sovereign.Network.SecurityGroups;

/// <summary>A rule that new security groups begin with; the cloud's own, no project's.</summary>
internal sealed record DefaultRuleRow : IRow
{
    /// <summary>Stands for the group that the rule is put into.</summary>
    public const string Parent = "PARENT";

    public string Id { get; init; } = "";

    public string ProjectId => "";

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

    /// <summary>For the default groups of projects.</summary>
    public bool InDefault { get; init; }

    /// <summary>For groups that users make.</summary>
    public bool InOthers { get; init; }

    public string Signature { get; init; } = "";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public RuleRow For(string groupId) => new()
    {
        Direction = Direction, Ethertype = Ethertype, Protocol = Protocol, PortMin = PortMin, PortMax = PortMax, RemoteCidr = RemoteCidr,
        NormalizedCidr = NormalizedCidr, RemoteGroupId = RemoteGroupId == Parent ? groupId : RemoteGroupId, RemoteAddressGroupId = RemoteAddressGroupId,
        Description = Description is { Length: > 0 } ? Description : null,
    };

    public DefaultRuleView ToView() => new()
    {
        Id = Id, Direction = Direction, Ethertype = Ethertype, Protocol = Protocol, PortRangeMin = PortMin, PortRangeMax = PortMax,
        RemoteIpPrefix = RemoteCidr, RemoteGroupId = RemoteGroupId, RemoteAddressGroupId = RemoteAddressGroupId, Description = Description ?? "",
        UsedInDefaultSg = InDefault, UsedInNonDefaultSg = InOthers, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt),
        RevisionNumber = Revision,
    };
}
