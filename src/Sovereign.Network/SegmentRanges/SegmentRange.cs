using Sovereign.Network.Wire;

namespace Sovereign.Network.SegmentRanges;

/// <summary>Numbers that networks are given: everyone's, or those of one project.</summary>
internal sealed record SegmentRangeRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>Empty: shared.</summary>
    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>True for the one that every cloud begins with.</summary>
    public bool IsDefault { get; init; }

    public bool Shared { get; init; }

    public string NetworkType { get; init; } = "";

    public long Minimum { get; init; }

    public long Maximum { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    /// <summary>Most numbers of one range: all that are free are listed.</summary>
    public const long NumbersMax = 65535;

    public bool Has(long number) => number >= Minimum && number <= Maximum;

    /// <param name="used">Projects by the numbers that their networks have; null: not shown.</param>
    public SegmentRangeView ToView(IReadOnlyDictionary<long, string>? used) => new()
    {
        Id = Id, Name = Name, Description = Description, Default = IsDefault, Shared = Shared, ProjectId = Shared ? null : ProjectId,
        NetworkType = NetworkType, Minimum = Minimum, Maximum = Maximum,
        Used = used?.Where(pair => Has(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value),
        Available = used is null ? null : Numbers().Where(number => !used.ContainsKey(number)).ToList(),
        CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
    };

    private IEnumerable<long> Numbers()
    {
        for (var number = Minimum; number <= Maximum; number++) yield return number;
    }
}
