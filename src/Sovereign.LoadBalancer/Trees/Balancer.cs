using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Trees;

/// <summary>What lists page through.</summary>
internal interface IRow
{
    string Id { get; }

    string ProjectId { get; }
}

/// <summary>A load balancer as its row has it.</summary>
internal sealed record BalancerRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Enabled { get; init; } = true;

    public string Provisioning { get; init; } = Wire.Provisioning.PendingCreate;

    public string Operating { get; init; } = Wire.Operating.Offline;

    /// <summary>JSON.</summary>
    public string Tags { get; init; } = "[]";

    public string Provider { get; init; } = "";

    public string? FlavorId { get; init; }

    public string? Zone { get; init; }

    public string? QosPolicyId { get; init; }

    public string VipPortId { get; init; } = "";

    public string VipSubnetId { get; init; } = "";

    public string VipNetworkId { get; init; } = "";

    public string VipAddress { get; init; } = "";

    /// <summary>True: the port was made for the balancer and goes with it.</summary>
    public bool VipMade { get; init; }

    /// <summary>JSON: security groups that the user chose.</summary>
    public string VipGroups { get; init; } = "[]";

    /// <summary>Where it is; empty: nowhere yet.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>Rises with each failover.</summary>
    public long Generation { get; init; }

    /// <summary>The generation for which a node was chosen last.</summary>
    public long Moved { get; init; }

    public long CreatedAt { get; init; }

    public long? UpdatedAt { get; init; }
}

/// <summary>A listener, pool, member, health monitor, policy or rule: what all have, and in <see cref="Spec"/> what is its kind's own.</summary>
internal sealed record PartRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>One of <see cref="Kinds"/>.</summary>
    public string Kind { get; init; } = "";

    public string BalancerId { get; init; } = "";

    /// <summary>The pool of a member or monitor, the listener of a policy, the policy of a rule.</summary>
    public string? ParentId { get; init; }

    /// <summary>The pool that a listener or policy leads to.</summary>
    public string? ReferenceId { get; init; }

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Enabled { get; init; } = true;

    public string Provisioning { get; init; } = Wire.Provisioning.PendingCreate;

    public string Operating { get; init; } = Wire.Operating.Offline;

    /// <summary>JSON.</summary>
    public string Tags { get; init; } = "[]";

    /// <summary>Protocol of a listener, pool or its members, type of a monitor or rule, action of a policy.</summary>
    public string Type { get; init; } = "";

    /// <summary>Of a member.</summary>
    public string? Address { get; init; }

    /// <summary>Of a listener or member.</summary>
    public long? Port { get; init; }

    /// <summary>Place of a policy among its listener's, from 1 on.</summary>
    public long Position { get; init; }

    /// <summary>JSON: its view without what rows say.</summary>
    public string Spec { get; init; } = "{}";

    public long CreatedAt { get; init; }

    public long? UpdatedAt { get; init; }

    public bool Going => Provisioning == Wire.Provisioning.PendingDelete;
}

/// <summary>A load balancer with all its parts: small enough to be read whole, and changed as one.</summary>
internal sealed class Tree(BalancerRow balancer, IReadOnlyList<PartRow> parts)
{
    private readonly Dictionary<string, PartRow> byId = parts.ToDictionary(part => part.Id, StringComparer.Ordinal);

    public BalancerRow Balancer { get; set; } = balancer;

    public IEnumerable<PartRow> Parts => byId.Values.OrderBy(part => part.CreatedAt).ThenBy(part => part.Id, StringComparer.Ordinal);

    public PartRow? Find(string kind, string? id) => id is not null && byId.TryGetValue(id, out var part) && part.Kind == kind ? part : null;

    public IEnumerable<PartRow> Of(string kind, string? parentId = null) =>
        Parts.Where(part => part.Kind == kind && (parentId is null || part.ParentId == parentId)).OrderBy(part => part.Position);

    public PartRow? MonitorOf(string poolId) => Of(Kinds.Monitor, poolId).FirstOrDefault();

    /// <summary>Listeners that lead to the pool, by default or by a policy.</summary>
    public IEnumerable<PartRow> ListenersOf(string poolId) => Of(Kinds.Listener)
        .Where(listener => listener.ReferenceId == poolId || Of(Kinds.Policy, listener.Id).Any(policy => policy.ReferenceId == poolId));

    public void Put(PartRow part) => byId[part.Id] = part;

    public void Remove(string id) => byId.Remove(id);

    /// <summary>The parts above one, nearest first: what changes with it.</summary>
    public IEnumerable<PartRow> Above(PartRow part)
    {
        for (var parent = part.ParentId; parent is not null && byId.TryGetValue(parent, out var up); parent = up.ParentId)
        {
            yield return up;
            if (up.Kind != Kinds.Pool) continue;
            foreach (var listener in ListenersOf(up.Id)) yield return listener;
        }
    }

    /// <summary>The parts below one.</summary>
    public IEnumerable<PartRow> Below(PartRow part) =>
        Parts.Where(child => child.ParentId == part.Id).SelectMany(child => Below(child).Append(child)).ToList();
}
