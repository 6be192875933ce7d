using Sovereign.Network.Wire;

namespace Sovereign.Network.Segments;

/// <summary>The one layer-2 segment of a network. What it is never changes: its network's provider attributes are the same.</summary>
internal sealed record SegmentRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string NetworkType { get; init; } = "";

    public string? PhysicalNetwork { get; init; }

    /// <summary>VNI; null where its type has no numbers.</summary>
    public long? SegmentationId { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public SegmentView ToView() => new()
    {
        Id = Id, NetworkId = NetworkId, Name = Name, Description = Description, NetworkType = NetworkType, PhysicalNetwork = PhysicalNetwork,
        SegmentationId = SegmentationId, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
    };
}
