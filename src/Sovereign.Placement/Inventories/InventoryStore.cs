using Sovereign.Kernel.Store;
using Sovereign.Placement.Allocations;

namespace Sovereign.Placement.Inventories;

internal static class InventoryStore
{
    public static List<InventoryRow> Of(Session session, string providerId) =>
        session.Query<InventoryRow>("SELECT * FROM placement_inventories WHERE provider_id = @providerId ORDER BY resource_class", new { providerId });

    /// <summary>Every provider's rows of these classes.</summary>
    public static List<InventoryRow> Of(Session session, IReadOnlyCollection<string> classes) => classes.Count == 0
        ? []
        : session.Query<InventoryRow>("SELECT * FROM placement_inventories WHERE resource_class IN @classes", new { classes = classes.ToList() });

    public static List<InventoryRow> OfProviders(Session session, IReadOnlyCollection<string> providers) => providers.Count == 0
        ? []
        : session.Query<InventoryRow>("SELECT * FROM placement_inventories WHERE provider_id IN @providers ORDER BY resource_class", new { providers = providers.ToList() });

    /// <summary>Writes an inventory and leaves what is taken from it alone.</summary>
    public static void Put(Tx tx, InventoryRow row) => tx.Execute(
        """
        INSERT INTO placement_inventories
          (provider_id, resource_class, total, reserved, min_unit, max_unit, step_size, allocation_ratio, capacity, used)
        VALUES (@ProviderId, @ResourceClass, @Total, @Reserved, @MinUnit, @MaxUnit, @StepSize, @AllocationRatio, @Capacity, 0)
        ON CONFLICT (resource_class, provider_id) DO UPDATE SET
          total = excluded.total, reserved = excluded.reserved, min_unit = excluded.min_unit, max_unit = excluded.max_unit,
          step_size = excluded.step_size, allocation_ratio = excluded.allocation_ratio, capacity = excluded.capacity
        """,
        row);

    /// <summary>Removes an inventory from which nothing is taken; false when something is.</summary>
    public static bool Remove(Tx tx, string providerId, string resourceClass) =>
        tx.Execute(
            "DELETE FROM placement_inventories WHERE provider_id = @providerId AND resource_class = @resourceClass AND used = 0",
            new { providerId, resourceClass }) == 1;

    /// <summary>Takes an amount if the inventory admits it and has room. This condition is what keeps every provider within its capacity.</summary>
    public static bool Take(Tx tx, string providerId, string resourceClass, long amount) =>
        tx.Execute(
            """
            UPDATE placement_inventories SET used = used + @amount
            WHERE resource_class = @resourceClass AND provider_id = @providerId AND used + @amount <= capacity
              AND @amount > 0 AND @amount >= min_unit AND @amount <= max_unit AND @amount % step_size = 0
            """,
            new { providerId, resourceClass, amount }) == 1;

    /// <summary>Takes several amounts of one provider under the same condition, row by row.</summary>
    /// <returns>The classes of which the amount was taken.</returns>
    public static List<string> TakeAll(Tx tx, string providerId, ClaimAmounts amounts)
    {
        var parameters = amounts.Parameters();
        parameters.Add("provider", providerId);
        return tx.Query<string>(
            $"UPDATE placement_inventories SET used = used + {amounts.ByClass("{1}")} WHERE provider_id = @provider AND {amounts.Fits} RETURNING resource_class",
            parameters);
    }

    public static void Give(Tx tx, string providerId, string resourceClass, long amount) =>
        tx.Execute(
            "UPDATE placement_inventories SET used = used - @amount WHERE resource_class = @resourceClass AND provider_id = @providerId",
            new { providerId, resourceClass, amount });
}
