using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Fabric;
using Sovereign.Network.Ports;
using Sovereign.Network.Rbac;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Qos;

internal sealed class QosPolicyService(KernelServices kernel, FabricPlan fabric)
{
    public const long KbpsMax = int.MaxValue;

    public static readonly Room<QosPolicyRow, QosPolicyView> Room = new Room<QosPolicyRow, QosPolicyView>(
        Kinds.QosPolicy, "qos_policies", "/v2.0/qos/policies", QosStore.Shape, QosStore.Find, Missing, Views, NetworkJson.Wire.QosPolicyView)
    {
        Singular = "policy",
        Collection = "policies",
        Counted = _ => false,
    }.Shareable();

    private static Fault Missing(string id) => NetworkFaults.Missing("QosPolicyNotFound", $"QoS policy {id} could not be found.");

    /// <summary>A policy named by a port or a network: one that the caller may use.</summary>
    public static Outcome<string?> Named(Session session, AccessGrant access, Optional<string> wished, string? known)
    {
        if (!wished.Given) return Outcome.Of(known);
        if (wished.Value is not { Length: > 0 } id) return Outcome.Of<string?>(null);
        return Room.Visible(session, access, id).Map(row => (string?)row.Id);
    }

    private static List<QosPolicyView> Views(Session session, IReadOnlyList<QosPolicyRow> rows, Viewer viewer)
    {
        var ids = rows.Select(row => row.Id).ToList();
        var (limits, tags) = (QosStore.Limits(session, ids), TagStore.Of(session, Kinds.QosPolicy, ids));
        var shared = RbacPolicyStore.Granted(session, Kinds.QosPolicy, RbacActions.Shared, ids, viewer.ProjectId);
        return rows.Select(row => row.ToView(limits[row.Id], tags(row.Id), shared.Contains(row.Id))).ToList();
    }

    public Outcome<QosPolicyRow> Create(Tx tx, AccessGrant access, QosPolicyWish wish)
    {
        if (Check(wish) is { } wrong) return wrong;
        var project = Attributes.Project(access, "create_policy", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var row = new QosPolicyRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            IsDefault = wish.IsDefault.OrFalse(), CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        if (!QosStore.Insert(tx, row)) return DefaultExists(tx, row);
        RbacPolicyService.Set(tx, kernel, Kinds.QosPolicy, row.Id, row.ProjectId, RbacActions.Shared, wish.Shared.OrFalse());
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<QosPolicyRow> Update(Tx tx, AccessGrant access, QosPolicyRow old, QosPolicyWish wish)
    {
        if (Check(wish) is { } wrong) return wrong;
        if (wish.ProjectId.Given || wish.TenantId.Given) return new Fault.Invalid("project_id", "Cannot update read-only attribute project_id");
        var row = old with
        {
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description) ?? "",
            IsDefault = wish.IsDefault.Or(old.IsDefault) ?? false,
        };
        if (row.IsDefault && QosStore.Default(tx, row.ProjectId) is { } other && other.Id != row.Id) return DefaultExists(tx, row);
        if (wish.Shared.Given)
        {
            var everyone = wish.Shared.OrFalse();
            if (!everyone && InTheWay(tx, old.Id, RbacActions.Shared, RbacPolicyRow.Everyone) is { } used) return InUse(old.Id, used);
            RbacPolicyService.Set(tx, kernel, Kinds.QosPolicy, row.Id, row.ProjectId, RbacActions.Shared, everyone);
        }

        return Save(tx, row);
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, QosPolicyRow row)
    {
        if (QosStore.InUse(tx, row.Id)) return InUse(row.Id, "a port or network");
        Room.Remove(tx, kernel, row, QosStore.Delete);
        return Done.Value;
    }

    public Outcome<BandwidthLimitRow> AddLimit(Tx tx, QosPolicyRow policy, BandwidthLimitWish wish)
    {
        if (wish.MaxKbps.Or(null) is null) return new Fault.Invalid("max_kbps", "Failed to parse request. Required attribute 'max_kbps' not specified");
        var filled = Fill(new BandwidthLimitRow { Id = kernel.Ids.Uuid(), PolicyId = policy.Id, Direction = Directions.Egress }, wish);
        if (filled.Fault is { } wrong) return wrong;
        if (!QosStore.InsertLimit(tx, filled.Value)) return LimitExists(policy.Id);
        Changed(tx, policy);
        return filled.Value;
    }

    public Outcome<BandwidthLimitRow> ChangeLimit(Tx tx, QosPolicyRow policy, BandwidthLimitRow old, BandwidthLimitWish wish)
    {
        var filled = Fill(old, wish);
        if (filled.Fault is { } wrong) return wrong;
        if (!QosStore.UpdateLimit(tx, filled.Value)) return LimitExists(policy.Id);
        Changed(tx, policy);
        return filled.Value;
    }

    public Outcome<Done> RemoveLimit(Tx tx, QosPolicyRow policy, BandwidthLimitRow row)
    {
        QosStore.DeleteLimit(tx, row.Id);
        Changed(tx, policy);
        return Done.Value;
    }

    /// <summary>What another project has of the policy, when it is no longer shared.</summary>
    public static string? InTheWay(Session session, string id, string action, string target) =>
        QosStore.UsedByOthers(session, id, target) ? $"Ports or networks of other projects have QoS policy {id}" : null;

    /// <summary>A change of its rules is one of the policy, and of the ports that have it.</summary>
    private void Changed(Tx tx, QosPolicyRow policy)
    {
        Save(tx, policy);
        foreach (var id in QosStore.BoundPorts(tx, policy.Id)) fabric.PutPort(tx, PortStore.Find(tx, id)!);
    }

    private static QosPolicyRow Save(Tx tx, QosPolicyRow row)
    {
        var next = row with { UpdatedAt = tx.Now, Revision = row.Revision + 1 };
        QosStore.Update(tx, next);
        Room.Record(tx, next, Change.Updated);
        return next;
    }

    private static Fault? Check(QosPolicyWish wish)
    {
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
        return Attributes.Booleans(("shared", wish.Shared), ("is_default", wish.IsDefault));
    }

    private static Outcome<BandwidthLimitRow> Fill(BandwidthLimitRow row, BandwidthLimitWish wish)
    {
        var direction = wish.Direction.Or(row.Direction) ?? Directions.Egress;
        if (direction is not (Directions.Egress or Directions.Ingress))
        {
            return NetworkFaults.Attribute("direction", $"'{direction}' is not in ['egress', 'ingress']");
        }

        var (rate, burst) = (wish.MaxKbps.Or(null) ?? row.MaxKbps, wish.MaxBurstKbps.Or(null) ?? row.MaxBurstKbps);
        if (rate is < 0 or > KbpsMax) return NetworkFaults.Attribute("max_kbps", $"'{rate}' is not in range 0 to {KbpsMax}");
        if (burst is < 0 or > KbpsMax) return NetworkFaults.Attribute("max_burst_kbps", $"'{burst}' is not in range 0 to {KbpsMax}");
        return row with { Direction = direction, MaxKbps = rate, MaxBurstKbps = burst };
    }

    private static Fault LimitExists(string policyId) => NetworkFaults.Conflict(
        "QoSRulesConflict", $"Rule {QosRuleTypes.BandwidthLimit} conflicts with a rule of the same direction which already exists in QoS Policy {policyId}.");

    private static Fault InUse(string id, string by) => NetworkFaults.Conflict("QosPolicyInUse", $"QoS Policy {id} is used by {by}.");

    private static Fault DefaultExists(Tx tx, QosPolicyRow row) => NetworkFaults.Conflict(
        "QoSPolicyDefaultAlreadyExists", $"A default QoS policy exists for project {row.ProjectId}: {QosStore.Default(tx, row.ProjectId)?.Id}.");
}
