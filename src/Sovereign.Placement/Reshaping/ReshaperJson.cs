using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Allocations;
using Sovereign.Placement.Inventories;

namespace Sovereign.Placement.Reshaping;

/// <summary>Inventories by provider and allocations by consumer, as they shall be from now on.</summary>
internal sealed record ReshapeBody(Dictionary<string, InventoriesPut> Inventories, Dictionary<string, AllocationsPut> Allocations);

[JsonSerializable(typeof(ReshapeBody))]
internal sealed partial class ReshaperJson : JsonSerializerContext
{
    public static readonly ReshaperJson Wire = new(WireJson.Options());
}
