namespace Sovereign.Placement.Candidates;

/// <summary>One group of a request: amounts, and what must be true of the providers that give them.</summary>
internal sealed class CandidateGroup
{
    public Dictionary<string, long> Resources { get; } = new(StringComparer.Ordinal);

    /// <summary>Of each set one trait is enough; a plain trait is a set of one.</summary>
    public List<IReadOnlyList<string>> Required { get; } = [];

    public List<string> Forbidden { get; } = [];

    /// <summary>Of each list the provider must be in at least one aggregate.</summary>
    public List<IReadOnlyList<string>> MemberOf { get; } = [];

    /// <summary>Aggregates that the provider must not be in.</summary>
    public List<string> NotMemberOf { get; } = [];

    /// <summary>A provider in whose tree the amounts must be found.</summary>
    public string? InTree { get; set; }

    public IEnumerable<string> Traits => Required.SelectMany(any => any).Concat(Forbidden);
}
