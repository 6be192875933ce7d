using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Inventories;

namespace Sovereign.Placement.Allocations;

internal sealed class AllocationService(KernelServices kernel)
{
    public const int IdLengthMax = 255;

    /// <summary>Replaces several consumers' allocations, all or none.</summary>
    public Task<Outcome<Done>> Replace(Origin origin, IReadOnlyList<AllocationWish> wishes, CancellationToken stop)
    {
        foreach (var wish in wishes)
        {
            if (Check(wish) is { } wrong) return Task.FromResult<Outcome<Done>>(wrong);
        }

        return kernel.Queue.Write<Done>(
            "allocation.replace",
            origin,
            tx =>
            {
                // What shrinks goes first, so that a move from one consumer to another finds its room.
                foreach (var wish in wishes.OrderBy(w => w.ByProvider.Count).ThenBy(w => w.ConsumerId, StringComparer.Ordinal))
                {
                    var done = AllocationBook.Replace(tx, wish);
                    if (done.Fault is { } fault) return fault;
                }

                return Done.Value;
            },
            stop);
    }

    public Task<Outcome<Done>> Release(Origin origin, string consumerId, CancellationToken stop) => kernel.Queue.Write<Done>(
        "allocation.release",
        origin,
        tx => AllocationBook.Release(tx, consumerId) ? Done.Value : new Fault.NotFound("Allocations of consumer", consumerId),
        stop);

    public static AllocationWish Wish(string consumerId, AllocationsPut body, bool generations) => new(
        consumerId.ToLowerInvariant(), body.ProjectId, body.UserId,
        body.Allocations.ToDictionary(a => a.Key, a => (IReadOnlyDictionary<string, long>)a.Value.Resources), generations, body.ConsumerGeneration.Value,
        body.ConsumerType);

    public static Fault? Check(AllocationWish wish)
    {
        if (!Guid.TryParseExact(wish.ConsumerId, "D", out _)) return new Fault.Invalid("consumer_uuid", $"Malformed consumer uuid: {wish.ConsumerId}");
        if (wish.ProjectId.Length is 0 or > IdLengthMax) return new Fault.Invalid("project_id", "JSON does not validate: project_id has 1 to 255 characters.");
        if (wish.UserId.Length is 0 or > IdLengthMax) return new Fault.Invalid("user_id", "JSON does not validate: user_id has 1 to 255 characters.");
        foreach (var (provider, resources) in wish.ByProvider)
        {
            if (resources.Count == 0) return new Fault.Invalid("resources", $"JSON does not validate: the resources of {provider} are empty.");
            foreach (var (name, amount) in resources)
            {
                if (amount is < 1 or > InventoryRow.NumberMax) return new Fault.Invalid(name, $"JSON does not validate: {amount} is less than the minimum of 1 or too large.");
            }
        }

        return null;
    }
}
