using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Placement.Allocations;

internal sealed record ResourcesBody(Dictionary<string, long> Resources, long? Generation = null);

/// <summary>Allocations as a map of providers, from 1.12 on.</summary>
/// <param name="Mappings">From 1.34 on a client may send back what a candidate said; it changes nothing.</param>
/// <param name="ConsumerType">From 1.38 on.</param>
internal sealed record AllocationsPut(
    Dictionary<string, ResourcesBody> Allocations, string ProjectId, string UserId, Optional<long?> ConsumerGeneration = default,
    Dictionary<string, List<string>>? Mappings = null, string? ConsumerType = null);

internal sealed record ProviderReference(string Uuid);

internal sealed record ListedAllocation(ProviderReference ResourceProvider, Dictionary<string, long> Resources);

/// <summary>Allocations as a list, before 1.12.</summary>
internal sealed record AllocationsPutList(IReadOnlyList<ListedAllocation> Allocations, string? ProjectId = null, string? UserId = null);

internal sealed record ProviderAllocationView(long Generation, SortedDictionary<string, long> Resources);

internal sealed record ConsumerAllocationsView(
    SortedDictionary<string, ProviderAllocationView> Allocations,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ProjectId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? UserId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ConsumerGeneration,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ConsumerType);

/// <summary>From 1.38 on: by type of consumer, with how many there are.</summary>
internal sealed record TypedUsagesView(SortedDictionary<string, SortedDictionary<string, long>> Usages);

internal sealed record ConsumerResourcesView(
    SortedDictionary<string, long> Resources, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ConsumerGeneration);

internal sealed record ProviderAllocationsView(long ResourceProviderGeneration, SortedDictionary<string, ConsumerResourcesView> Allocations);

[JsonSerializable(typeof(AllocationsPut))]
[JsonSerializable(typeof(AllocationsPutList))]
[JsonSerializable(typeof(Dictionary<string, AllocationsPut>))]
[JsonSerializable(typeof(ConsumerAllocationsView))]
[JsonSerializable(typeof(ProviderAllocationsView))]
[JsonSerializable(typeof(TypedUsagesView))]
[JsonSerializable(typeof(Dictionary<string, Dictionary<string, long>>))]
[JsonSerializable(typeof(long?))]
internal sealed partial class AllocationJson : JsonSerializerContext
{
    public static readonly AllocationJson Wire = new(WireJson.Options());

    /// <summary>The journal's document: provider to class to amount.</summary>
    public static Dictionary<string, Dictionary<string, long>> Document(IEnumerable<Allocation> allocations) =>
        allocations.GroupBy(a => a.ProviderId).ToDictionary(g => g.Key, g => g.ToDictionary(a => a.ResourceClass, a => a.Used));

    public static SortedDictionary<string, long> Resources(IEnumerable<Allocation> allocations) =>
        new(allocations.ToDictionary(a => a.ResourceClass, a => a.Used), StringComparer.Ordinal);
}
