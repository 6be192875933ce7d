using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Addressing;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SubnetPools;

/// <summary>Where a subnet's range comes from: what its user named, or the next free piece of a pool.</summary>
internal sealed class PoolAllocator
{
    private const string PrefixDelegation = "prefix_delegation";

    public Outcome<(Cidr Range, string? PoolId)> Choose(Tx tx, AccessGrant access, string projectId, SubnetWish wish)
    {
        if (wish.IpVersion is { Given: true, Value: not (4 or 6) }) return NetworkFaults.Attribute("ip_version", $"'{wish.IpVersion.Value}' is not in [4, 6]");
        var chosen = Pool(tx, access, wish);
        if (chosen.Fault is { } missing) return missing;
        var length = wish.Prefixlen.Or(null);
        if (chosen.Value is not { } pool)
        {
            if (length is not null) return NetworkFaults.BadRequest("subnets", "prefixlen is for subnets of a subnetpool");
            if (!wish.Cidr.Given) return NetworkFaults.BadRequest("subnets", "a subnetpool must be specified in the absence of a cidr");
            if (!wish.IpVersion.Given) return new Fault.Invalid("ip_version", "Failed to parse request. Required attribute 'ip_version' not specified");
            return SubnetRules.Range(wish.Cidr.Value).Then<(Cidr, string?)>(range => range.Version == wish.IpVersion.Value
                ? (range, null) : NetworkFaults.Input($"cidr '{range}' does not match the ip_version '{wish.IpVersion.Value}'"));
        }

        if (wish.IpVersion is { Given: true, Value: { } version } && version != pool.IpVersion)
        {
            return NetworkFaults.BadRequest("subnets", "Cannot allocate requested subnet: ip_version of the subnet and its subnetpool differ");
        }

        if (wish.Cidr.Or(null) is { } cidr)
        {
            if (length is not null) return NetworkFaults.BadRequest("subnets", "cidr and prefixlen must not be supplied together");
            return SubnetRules.Range(cidr).Then(range => Named(tx, pool, projectId, range));
        }

        if (wish.AllocationPools.Or(null) is { Count: > 0 })
        {
            return NetworkFaults.BadRequest("subnets", "allocation_pools allowed only for specific subnet requests.");
        }

        return Next(tx, pool, projectId, (int)(length ?? pool.DefaultPrefixlen));
    }

    private static Outcome<SubnetPoolRow?> Pool(Tx tx, AccessGrant access, SubnetWish wish)
    {
        var id = wish.SubnetpoolId.Or(null);
        if (wish.UseDefaultSubnetpool.OrFalse())
        {
            if (id is not null) return NetworkFaults.BadRequest("subnets", "subnetpool_id and use_default_subnetpool cannot both be specified");
            var version = wish.IpVersion.Or(null) ?? 4;
            return SubnetPoolStore.Default(tx, version) is { } known
                ? known : NetworkFaults.BadRequest("subnets", $"No default subnetpool found for IPv{version}");
        }

        if (id is null) return Outcome.Of<SubnetPoolRow?>(null);
        if (id == PrefixDelegation) return NetworkFaults.Input("IPv6 prefix delegation is not offered by this cloud");
        return SubnetPoolService.Room.Visible(tx, access, id).Map(pool => (SubnetPoolRow?)pool);
    }

    private static Outcome<(Cidr, string?)> Named(Tx tx, SubnetPoolRow pool, string projectId, Cidr range)
    {
        if ((Bounds(pool, range.Prefix) ?? Quota(tx, pool, projectId, range.Prefix)) is { } refused) return refused;
        var free = pool.Ranges.Any(prefix => prefix.Version == range.Version && prefix.Contains(range))
            && !SubnetPoolStore.Subnets(tx, pool.Id).Exists(subnet => subnet.Range.Overlaps(range));
        return free ? (range, pool.Id) : Failed("Cannot allocate requested subnet from the available set of prefixes");
    }

    private static Outcome<(Cidr, string?)> Next(Tx tx, SubnetPoolRow pool, string projectId, int length)
    {
        if ((Bounds(pool, length) ?? Quota(tx, pool, projectId, length)) is { } refused) return refused;
        var taken = SubnetPoolStore.Subnets(tx, pool.Id).ConvertAll(subnet => subnet.Range);
        foreach (var prefix in pool.Ranges.Where(prefix => prefix.Prefix <= length))
        {
            if (Gap(prefix, taken, length) is { } gap) return (gap, pool.Id);
        }

        return Failed($"Insufficient prefix space to allocate subnet size /{length}");
    }

    /// <summary>The first free range of this length inside a prefix; ranges are aligned to their length.</summary>
    private static Cidr? Gap(Cidr prefix, List<Cidr> taken, int length)
    {
        var candidate = Cidr.Of(prefix.Network, length);
        foreach (var other in taken.Where(prefix.Overlaps))
        {
            if (candidate.Last < other.Network) break;
            if (candidate.Network > other.Last) continue;
            if (other.Last >= prefix.Last) return null;
            candidate = Cidr.Of(other.Last.Next, length);
            // A longer range than the candidate's may end in its middle.
            if (candidate.Network <= other.Last)
            {
                if (candidate.Last >= prefix.Last) return null;
                candidate = Cidr.Of(candidate.Last.Next, length);
            }
        }

        return prefix.Contains(candidate) ? candidate : null;
    }

    private static Fault? Bounds(SubnetPoolRow pool, int length)
    {
        if (length < pool.MinPrefixlen)
        {
            return NetworkFaults.Refused(
                "MinPrefixSubnetAllocationError",
                $"Unable to allocate subnet with prefix length {length}, minimum allowed prefix is {pool.MinPrefixlen}.");
        }

        return length > pool.MaxPrefixlen
            ? NetworkFaults.Refused(
                "MaxPrefixSubnetAllocationError",
                $"Unable to allocate subnet with prefix length {length}, maximum allowed prefix is {pool.MaxPrefixlen}.")
            : null;
    }

    private static Fault? Quota(Tx tx, SubnetPoolRow pool, string projectId, int length)
    {
        if (pool.DefaultQuota is not { } quota) return null;
        var used = SubnetPoolStore.Subnets(tx, pool.Id).Where(subnet => subnet.ProjectId == projectId)
            .Aggregate(UInt128.Zero, (sum, subnet) => sum + Units(pool, subnet.Range.Prefix));
        return used + Units(pool, length) > (UInt128)quota
            ? NetworkFaults.Conflict("SubnetPoolQuotaExceeded", "Per-tenant subnet pool prefix quota exceeded.")
            : null;
    }

    private static UInt128 Units(SubnetPoolRow pool, int length) => pool.IpVersion == 4
        ? UInt128.One << (32 - length)
        : length > Cidr.SlaacPrefix ? UInt128.One : UInt128.One << (Cidr.SlaacPrefix - length);

    private static Fault Failed(string reason) => NetworkFaults.Conflict("SubnetAllocationError", $"Failed to allocate subnet: {reason}.");
}
