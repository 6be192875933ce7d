using Sovereign.Network.Wire;

namespace Sovereign.Network.Qos;

/// <summary>How fast ports may send and receive.</summary>
internal sealed record QosPolicyRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>True: new networks of its project get it.</summary>
    public bool IsDefault { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public QosPolicyView ToView(IEnumerable<BandwidthLimitRow> rules, IReadOnlyList<string> tags, bool shared) => new()
    {
        Id = Id, ProjectId = ProjectId, TenantId = ProjectId, Name = Name, Shared = shared, IsDefault = IsDefault, Description = Description, Tags = tags,
        Rules = rules.Select(rule => rule.ToView() with { QosPolicyId = Id, Type = QosRuleTypes.BandwidthLimit }).ToList(),
        CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
    };
}

/// <summary>A rule of a policy; a policy has one for each direction.</summary>
internal sealed record BandwidthLimitRow
{
    public string Id { get; init; } = "";

    public string PolicyId { get; init; } = "";

    /// <summary>As the guest sees it: "egress" is what it sends.</summary>
    public string Direction { get; init; } = "";

    /// <summary>Kilobits per second.</summary>
    public long MaxKbps { get; init; }

    /// <summary>Kilobits at once; 0: four fifths of what a second may have.</summary>
    public long MaxBurstKbps { get; init; }

    public BandwidthLimitView ToView() => new() { Id = Id, MaxKbps = MaxKbps, MaxBurstKbps = MaxBurstKbps, Direction = Direction };
}

/// <summary>The rules that the fabric keeps.</summary>
internal static class QosRuleTypes
{
    public const string BandwidthLimit = "bandwidth_limit";
}
