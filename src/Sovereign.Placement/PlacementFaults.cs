using System.Globalization;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Placement;

/// <summary>Failures as the API reference words them; the type is the code in the error body.</summary>
internal static class PlacementFaults
{
    public static Fault ProviderChanged(string id, long seen) => new Fault.Conflict(
        string.Create(CultureInfo.InvariantCulture, $"Resource provider {id}: resource provider generation conflict: the generation is no longer {seen}."))
    {
        Type = "placement.concurrent_update",
    };

    public static Fault ConsumerChanged(string id, long? seen) => new Fault.Conflict(
        $"consumer generation conflict - {id}: the generation is not {seen?.ToString(CultureInfo.InvariantCulture) ?? "null"}.")
    {
        Type = "placement.concurrent_update",
    };

    public static Fault InventoryInUse(string classes, string provider) => new Fault.Conflict(
        $"update conflict: Inventory for '{classes}' on resource provider '{provider}' in use.")
    {
        Type = "placement.inventory.inuse",
    };

    public static Fault BadQuery(string name, string message) => new Fault.Invalid(name, message) { Type = "placement.query.bad_value" };
}
