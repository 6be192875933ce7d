using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Placement;

/// <summary>An inventory of a provider; capacity is (Total - Reserved) * AllocationRatio.</summary>
public sealed record Inventory(string ResourceClass, long Total, long Reserved, long MinUnit, long MaxUnit, long StepSize, double AllocationRatio);

/// <summary>What a consumer wants of one provider.</summary>
/// <param name="ConsumerId">Dashed UUID: the server's id.</param>
/// <param name="Resources">Resource class to amount: VCPU, MEMORY_MB (MiB), DISK_GB (GiB).</param>
/// <param name="Among">Providers that may be taken, in order of preference; null for any.</param>
public sealed record ClaimRequest(
    string ConsumerId, string ProjectId, string UserId, IReadOnlyDictionary<string, long> Resources, IReadOnlyList<string>? Among = null);

/// <summary>What the placement service shows other services. All of it happens in the caller's transaction: no claim is lost or double.</summary>
public interface IPlacement
{
    /// <summary>Makes or updates a provider and its inventories; raises its generation when something changed.</summary>
    void EnsureProvider(Tx tx, string providerId, string name, IReadOnlyList<Inventory> inventories);

    /// <summary>Removes a provider whose machine left the cloud; Conflict while something is taken of it. Absent is fine.</summary>
    Outcome<Done> RemoveProvider(Tx tx, string providerId);

    /// <summary>Picks the least loaded provider with room and claims; the same consumer again gives its provider. Conflict when no provider has room.</summary>
    Outcome<string> Claim(Tx tx, ClaimRequest request);

    /// <summary>Releases all that the consumer has; absent is fine.</summary>
    void Release(Tx tx, string consumerId);

    /// <summary>The provider that the consumer's allocation is on; null for none.</summary>
    string? ProviderOf(Session session, string consumerId);

    /// <summary>Makes a provider a member of an aggregate (a UUID), or takes it out.</summary>
    void SetAggregate(Tx tx, string providerId, string aggregateId, bool member);

    /// <summary>Used amounts of a provider by resource class.</summary>
    IReadOnlyDictionary<string, long> Usages(Session session, string providerId);
}
