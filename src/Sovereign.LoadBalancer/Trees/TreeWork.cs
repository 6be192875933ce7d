using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Trees;

/// <summary>One change of one load balancer inside its transaction: every part that it touches waits for the node afterwards, and so does all above it.</summary>
internal sealed class TreeWork(KernelServices kernel, Tx tx, AccessGrant access, Tree tree)
{
    public Tx Tx => tx;

    public AccessGrant Access => access;

    public Tree Tree => tree;

    public KernelServices Kernel => kernel;

    /// <summary>A balancer that is not to be changed now.</summary>
    public static Fault? Refusal(BalancerRow row) => Provisioning.Pending(row.Provisioning) ? Faults.Immutable(Kinds.Balancer, row.Id) : null;

    public Outcome<PartRow> Add(PartRow wished)
    {
        var row = wished with
        {
            Id = kernel.Ids.Uuid(),
            BalancerId = tree.Balancer.Id,
            ProjectId = tree.Balancer.ProjectId,
            Provisioning = Provisioning.PendingCreate,
            Operating = Operating.Offline,
            CreatedAt = tx.Now,
        };
        if (kernel.Quotas.Take(tx, LoadBalancerModule.Service, row.Kind, row.ProjectId, 1).Fault is { } full) return full;
        TreeStore.Insert(tx, row);
        tree.Put(row);
        Record(tx, row, Change.Created);
        Touch(row);
        return row;
    }

    public PartRow Save(PartRow row)
    {
        var next = row with
        {
            Provisioning = row.Provisioning == Provisioning.PendingCreate ? row.Provisioning : Provisioning.PendingUpdate,
            UpdatedAt = tx.Now,
        };
        Write(next);
        Touch(next);
        return next;
    }

    /// <summary>It goes with all below it, once the node knows no more of it.</summary>
    public void Drop(PartRow row)
    {
        Touch(row);
        foreach (var part in tree.Below(row).Append(row)) Write(part with { Provisioning = Provisioning.PendingDelete });
        if (row.Kind != Kinds.Pool) return;
        foreach (var listener in tree.Of(Kinds.Listener).Where(listener => listener.ReferenceId == row.Id).ToList()) Save(listener with { ReferenceId = null });
    }

    /// <summary>Stores the balancer's own row as one that waits for its node.</summary>
    public void SaveBalancer(BalancerRow row)
    {
        var waits = row.Provisioning is Provisioning.PendingCreate or Provisioning.PendingDelete ? row.Provisioning : Provisioning.PendingUpdate;
        tree.Balancer = row with { Provisioning = waits, UpdatedAt = tx.Now };
        TreeStore.Update(tx, tree.Balancer);
        Record(tx, tree.Balancer, Change.Updated);
        tx.Due(Kinds.Balancer, row.Id);
    }

    public static void Record(Tx tx, PartRow row, Change change) => tx.Record(row.Kind, row.Id, row.ProjectId, change, row, BalancerJson.Wire.PartRow);

    public static void Record(Tx tx, BalancerRow row, Change change) =>
        tx.Record(Kinds.Balancer, row.Id, row.ProjectId, change, row, BalancerJson.Wire.BalancerRow);

    private void Touch(PartRow row)
    {
        foreach (var above in tree.Above(row).Where(above => above.Provisioning is Provisioning.Active or Provisioning.Error).DistinctBy(above => above.Id).ToList())
        {
            Write(above with { Provisioning = Provisioning.PendingUpdate });
        }

        SaveBalancer(tree.Balancer);
    }

    private void Write(PartRow row)
    {
        TreeStore.Update(tx, row);
        tree.Put(row);
        Record(tx, row, Change.Updated);
    }
}
