using System.Globalization;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Placement.Inventories;

/// <summary>An inventory and, in the same row, how much of it is taken: a claim is one conditional UPDATE of this row.</summary>
internal sealed record InventoryRow
{
    /// <summary>Largest number of the API's schema.</summary>
    public const long NumberMax = int.MaxValue;

    /// <summary>Bound of a capacity, so that a millionth of it can be reckoned in 64 bits.</summary>
    private const long CapacityMax = 1_000_000_000_000;

    public string ProviderId { get; init; } = "";

    public string ResourceClass { get; init; } = "";

    public long Total { get; init; }

    public long Reserved { get; init; }

    public long MinUnit { get; init; }

    public long MaxUnit { get; init; }

    public long StepSize { get; init; }

    /// <summary>A decimal number as text, since both engines keep text alike.</summary>
    public string AllocationRatio { get; init; } = "1";

    public long Capacity { get; init; }

    public long Used { get; init; }

    public double Ratio => double.Parse(AllocationRatio, CultureInfo.InvariantCulture);

    public static InventoryRow Of(string providerId, Inventory inventory) => new()
    {
        ProviderId = providerId, ResourceClass = inventory.ResourceClass, Total = inventory.Total, Reserved = inventory.Reserved,
        MinUnit = inventory.MinUnit, MaxUnit = inventory.MaxUnit, StepSize = inventory.StepSize,
        AllocationRatio = inventory.AllocationRatio.ToString("R", CultureInfo.InvariantCulture), Capacity = CapacityOf(inventory),
    };

    public Inventory ToInventory() => new(ResourceClass, Total, Reserved, MinUnit, MaxUnit, StepSize, Ratio);

    /// <summary>May this amount be taken in one piece, whatever is free?</summary>
    public bool Admits(long amount) => amount > 0 && amount >= MinUnit && amount <= MaxUnit && amount % StepSize == 0;

    /// <summary>The rules of an inventory by itself.</summary>
    /// <param name="reservedMayBeAll">From microversion 1.26 on.</param>
    public static Fault? Check(Inventory inventory, bool reservedMayBeAll)
    {
        foreach (var (name, value, least) in new[]
        {
            ("total", inventory.Total, 1), ("reserved", inventory.Reserved, 0), ("min_unit", inventory.MinUnit, 1),
            ("max_unit", inventory.MaxUnit, 1), ("step_size", inventory.StepSize, 1),
        })
        {
            if (value < least || value > NumberMax) return new Fault.Invalid(name, $"JSON does not validate: {name} of {inventory.ResourceClass} must be from {least} to {NumberMax}.");
        }

        if (!double.IsFinite(inventory.AllocationRatio) || inventory.AllocationRatio <= 0)
        {
            return new Fault.Invalid("allocation_ratio", $"JSON does not validate: allocation_ratio of {inventory.ResourceClass} must be a positive number.");
        }

        var free = inventory.Total - inventory.Reserved;
        return free < 0 || (free == 0 && !reservedMayBeAll)
            ? new Fault.Invalid("reserved", $"Unable to update inventory: Invalid inventory for '{inventory.ResourceClass}'. The reserved value is greater than total.")
            : null;
    }

    private static long CapacityOf(Inventory inventory)
    {
        var capacity = (inventory.Total - inventory.Reserved) * inventory.AllocationRatio;
        return capacity >= CapacityMax ? CapacityMax : (long)capacity;
    }
}
