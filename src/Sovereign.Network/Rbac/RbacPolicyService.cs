using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Rbac;

/// <summary>A kind of object that can be shared.</summary>
/// <param name="Room">Its room; <see cref="IRoom.Kind"/> is its object_type.</param>
/// <param name="InTheWay">Why a policy can't go: what another project does with the object. Null: nothing is in the way.</param>
/// <param name="Changed">Runs after policies of an object changed.</param>
internal sealed record ShareableKind(
    IRoom Room, Func<Session, string, string, string, string?> InTheWay, Action<Tx, string>? Changed = null)
{
    public IReadOnlyList<string> Actions { get; init; } = [RbacActions.Shared];
}

/// <summary>Who else may use an object. "shared" and "router:external" of objects are views of these.</summary>
internal sealed class RbacPolicyService(KernelServices kernel, IReadOnlyList<ShareableKind> kinds)
{
    public static readonly Room<RbacPolicyRow, RbacPolicyView> Room = new(
        Kinds.RbacPolicy, "rbac_policies", "/v2.0/rbac-policies", RbacPolicyStore.Shape, RbacPolicyStore.Find,
        id => NetworkFaults.Missing("RbacPolicyNotFound", $"RBAC policy of type with ID {id} not found"),
        (_, rows, _) => rows.Select(row => row.ToView()).ToList(), NetworkJson.Wire.RbacPolicyView)
    {
        // Only admins share with everyone: that is no project's use of its quota.
        Counted = row => row.Limited,
    };

    public Outcome<RbacPolicyRow> Create(Tx tx, AccessGrant access, RbacPolicyWish wish)
    {
        var kind = kinds.FirstOrDefault(known => known.Room.Kind == wish.ObjectType.Or(null));
        if (kind is null)
        {
            return NetworkFaults.Attribute("object_type", $"'{wish.ObjectType.Or(null)}' is not in ['{string.Join("', '", kinds.Select(k => k.Room.Kind))}']");
        }

        if (wish.Action.Or(null) is not { } action || !kind.Actions.Contains(action))
        {
            return NetworkFaults.Refused(
                "InvalidInput", $"Invalid action '{wish.Action.Or(null)}' for object type '{kind.Room.Kind}'. Valid actions: {string.Join(", ", kind.Actions)}");
        }

        if (Target(access, wish, "create_rbac_policy") is var target && target.Fault is { } wrong) return wrong;
        if (wish.ObjectId.Or(null) is not { Length: > 0 } objectId)
        {
            return new Fault.Invalid("object_id", "Failed to parse request. Required attribute 'object_id' not specified");
        }

        if (kind.Room.NotOwned(tx, access, objectId) is { } missing) return missing;
        var project = Attributes.Project(access, "create_rbac_policy", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var row = new RbacPolicyRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, ObjectType = kind.Room.Kind, ObjectId = objectId, Action = action, Target = target.Value,
        };
        if (row.Limited && Room.Take(tx, kernel, row.ProjectId) is { } full) return full;
        if (!RbacPolicyStore.Insert(tx, row)) return Duplicate();
        kind.Changed?.Invoke(tx, objectId);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<RbacPolicyRow> Update(Tx tx, AccessGrant access, RbacPolicyRow old, RbacPolicyWish wish)
    {
        if (wish.ObjectType.Given || wish.ObjectId.Given || wish.Action.Given || wish.ProjectId.Given || wish.TenantId.Given)
        {
            return new Fault.Invalid("rbac_policy", "Cannot update read-only attribute of an RBAC policy: only target_tenant changes");
        }

        if (Target(access, wish, "update_rbac_policy") is var target && target.Fault is { } wrong) return wrong;
        if (target.Value == old.Target) return old;
        var kind = KindOf(old);
        if (target.Value != RbacPolicyRow.Everyone && InTheWay(tx, old) is { } inUse) return inUse;
        var row = old with { Target = target.Value, Revision = old.Revision + 1 };
        if (row.Limited && !old.Limited && Room.Take(tx, kernel, row.ProjectId) is { } full) return full;
        if (!row.Limited && old.Limited) kernel.Quotas.Give(tx, NetworkModule.Service, Kinds.RbacPolicy, row.ProjectId, 1);
        if (!RbacPolicyStore.Retarget(tx, row)) return Duplicate();
        kind.Changed?.Invoke(tx, old.ObjectId);
        Room.Record(tx, row, Change.Updated);
        return row;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, RbacPolicyRow row)
    {
        if (InTheWay(tx, row) is { } inUse) return inUse;
        Remove(tx, kernel, row);
        KindOf(row).Changed?.Invoke(tx, row.ObjectId);
        return Done.Value;
    }

    /// <summary>Makes "shared: true" or "router:external: true" of an object what it stands for: a policy for everyone.</summary>
    public static void Set(Tx tx, KernelServices kernel, string type, string objectId, string projectId, string action, bool everyone)
    {
        var known = RbacPolicyStore.Of(tx, type, objectId).Find(row => row.Action == action && row.Target == RbacPolicyRow.Everyone);
        if (everyone == known is not null) return;
        if (known is not null)
        {
            Remove(tx, kernel, known);
            return;
        }

        var row = new RbacPolicyRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = projectId, ObjectType = type, ObjectId = objectId, Action = action, Target = RbacPolicyRow.Everyone,
        };
        RbacPolicyStore.Insert(tx, row);
        Room.Record(tx, row, Change.Created);
    }

    /// <summary>Policies go with their object.</summary>
    /// <param name="action">Only those of this action; null: all.</param>
    public static void RemoveAll(Tx tx, KernelServices kernel, string type, string objectId, string? action = null)
    {
        foreach (var row in RbacPolicyStore.Of(tx, type, objectId).Where(row => action is null || row.Action == action)) Remove(tx, kernel, row);
    }

    private static void Remove(Tx tx, KernelServices kernel, RbacPolicyRow row) => Room.Remove(tx, kernel, row, RbacPolicyStore.Delete);

    private static Fault Duplicate() => NetworkFaults.Conflict("DuplicateRbacPolicy", "An RBAC policy already exists with those values.");

    /// <summary>Only admins share with everyone.</summary>
    private static Outcome<string> Target(AccessGrant access, RbacPolicyWish wish, string rule)
    {
        if (wish.TargetTenant.Or(null) is not { Length: > 0 and <= Attributes.TextCharactersMax } target)
        {
            return NetworkFaults.Attribute("target_tenant", $"'{wish.TargetTenant.Or(null)}' is not a project's id or '*'");
        }

        return target == RbacPolicyRow.Everyone && !access.Everything ? NetworkFaults.NotAuthorized(rule, "target_tenant") : target;
    }

    private ShareableKind KindOf(RbacPolicyRow row) => kinds.First(kind => kind.Room.Kind == row.ObjectType);

    private Fault? InTheWay(Tx tx, RbacPolicyRow row) => KindOf(row).InTheWay(tx, row.ObjectId, row.Action, row.Target) is { } why
        ? NetworkFaults.Conflict(
            "RbacPolicyInUse", $"RBAC policy on object {row.ObjectId} cannot be removed because other objects depend on it.\nDetails: {why}")
        : null;
}
