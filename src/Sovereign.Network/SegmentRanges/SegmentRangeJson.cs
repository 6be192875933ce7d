using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.SegmentRanges;

internal sealed record SegmentRangeView
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Default { get; init; }

    public bool Shared { get; init; }

    public string? ProjectId { get; init; }

    public string NetworkType { get; init; } = "";

    /// <summary>Null: tunnels need no physical network.</summary>
    public string? PhysicalNetwork { get; init; }

    public long Minimum { get; init; }

    public long Maximum { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<long, string>? Used { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<long>? Available { get; init; }

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }
}

internal sealed record SegmentRangeBody
{
    public SegmentRangeWish? NetworkSegmentRange { get; init; }

    public IReadOnlyList<SegmentRangeWish>? NetworkSegmentRanges { get; init; }
}

internal sealed record SegmentRangeWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<bool?> Shared { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }

    public Optional<string> NetworkType { get; init; }

    public Optional<string> PhysicalNetwork { get; init; }

    public Optional<long?> Minimum { get; init; }

    public Optional<long?> Maximum { get; init; }
}
