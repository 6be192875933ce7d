using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Segments;

internal sealed record SegmentView
{
    public string Id { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string NetworkType { get; init; } = "";

    public string? PhysicalNetwork { get; init; }

    public long? SegmentationId { get; init; }

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }
}

internal sealed record SegmentBody
{
    public SegmentWish? Segment { get; init; }

    public IReadOnlyList<SegmentWish>? Segments { get; init; }
}

internal sealed record SegmentWish
{
    public Optional<string> NetworkId { get; init; }

    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<string> NetworkType { get; init; }

    public Optional<string> PhysicalNetwork { get; init; }

    public Optional<long?> SegmentationId { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}
