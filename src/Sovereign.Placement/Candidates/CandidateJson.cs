using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Allocations;

namespace Sovereign.Placement.Candidates;

internal sealed record CandidateResources(SortedDictionary<string, long> Resources);

/// <param name="Mappings">From 1.34 on: the providers of each group by its suffix.</param>
internal sealed record CandidateMap(
    SortedDictionary<string, CandidateResources> Allocations,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SortedDictionary<string, SortedSet<string>>? Mappings);

internal sealed record CandidateListed(ProviderReference ResourceProvider, SortedDictionary<string, long> Resources);

internal sealed record CandidateList(IReadOnlyList<CandidateListed> Allocations);

internal sealed record CapacityView(long Capacity, long Used);

internal sealed record SummaryView(
    SortedDictionary<string, CapacityView> Resources, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Traits,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] Optional<string?> ParentProviderUuid,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RootProviderUuid);

internal sealed record CandidatesView(IReadOnlyList<CandidateMap> AllocationRequests, SortedDictionary<string, SummaryView> ProviderSummaries);

/// <summary>Before 1.12.</summary>
internal sealed record CandidatesListView(IReadOnlyList<CandidateList> AllocationRequests, SortedDictionary<string, SummaryView> ProviderSummaries);

[JsonSerializable(typeof(CandidatesView))]
[JsonSerializable(typeof(CandidatesListView))]
internal sealed partial class CandidateJson : JsonSerializerContext
{
    public static readonly CandidateJson Wire = new(WireJson.Options());
}
