using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Fabric;
using Sovereign.Network.Ports;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Logs;

internal sealed class NetworkLogService(KernelServices kernel, FabricPlan fabric)
{
    private static readonly string[] events = [LogEvents.Accept, LogEvents.Drop, LogEvents.All];

    public static readonly Room<NetworkLogRow, NetworkLogView> Room = new(
        Kinds.Log, "logs", "/v2.0/log/logs", NetworkLogStore.Shape, NetworkLogStore.Find,
        id => NetworkFaults.Missing("LogResourceNotFound", $"Log resource {id} could not be found."),
        (_, rows, _) => rows.Select(row => row.ToView()).ToList(), NetworkJson.Wire.NetworkLogView)
    {
        Counted = _ => false,
    };

    /// <summary>A group or a port goes, and the logs that name it with it.</summary>
    public static void Forget(Tx tx, KernelServices kernel, string groupOrPort)
    {
        foreach (var row in NetworkLogStore.Naming(tx, groupOrPort)) Room.Remove(tx, kernel, row, NetworkLogStore.Delete);
    }

    public Outcome<NetworkLogRow> Create(Tx tx, AccessGrant access, NetworkLogWish wish)
    {
        if (Check(wish) is { } wrong) return wrong;
        var project = Attributes.Project(access, "create_log", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        if (wish.ResourceType.Or(null) is not { } type)
        {
            return new Fault.Invalid("resource_type", "Failed to parse request. Required attribute 'resource_type' not specified");
        }

        if (type != LogTypes.SecurityGroup) return NetworkFaults.Refused("InvalidLogResourceType", $"Invalid log resource_type: {type}.");
        var logged = wish.Event.Or(LogEvents.All) ?? "";
        if (!events.Contains(logged)) return NetworkFaults.Attribute("event", $"'{logged}' is not in ['{string.Join("', '", events)}']");
        var row = new NetworkLogRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "", ResourceType = type,
            ResourceId = wish.ResourceId.Or(null), TargetId = wish.TargetId.Or(null), Event = logged, Enabled = wish.Enabled.OrTrue(), CreatedAt = tx.Now,
            UpdatedAt = tx.Now,
        };
        if (Named(tx, access, row) is { } unfit) return unfit;
        NetworkLogStore.Insert(tx, row);
        fabric.PortsLogged(tx, row);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<NetworkLogRow> Update(Tx tx, AccessGrant access, NetworkLogRow old, NetworkLogWish wish)
    {
        if (Check(wish) is { } wrong) return wrong;
        foreach (var (name, given) in new[]
        {
            ("project_id", wish.ProjectId.Given || wish.TenantId.Given), ("resource_type", wish.ResourceType.Given), ("resource_id", wish.ResourceId.Given),
            ("target_id", wish.TargetId.Given), ("event", wish.Event.Given),
        })
        {
            if (given) return new Fault.Invalid(name, $"Cannot update read-only attribute {name}");
        }

        var row = old with
        {
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description) ?? "",
            Enabled = wish.Enabled.Or(old.Enabled) ?? old.Enabled,
            UpdatedAt = tx.Now,
            Revision = old.Revision + 1,
        };
        NetworkLogStore.Update(tx, row);
        if (row.Enabled != old.Enabled) fabric.PortsLogged(tx, row);
        Room.Record(tx, row, Change.Updated);
        return row;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, NetworkLogRow row)
    {
        Room.Remove(tx, kernel, row, NetworkLogStore.Delete);
        fabric.PortsLogged(tx, row);
        return Done.Value;
    }

    private static Fault? Check(NetworkLogWish wish) =>
        Attributes.Texts(("name", wish.Name), ("description", wish.Description)) ?? Attributes.Booleans(("enabled", wish.Enabled));

    /// <summary>What it names is there, can be logged, and belongs together.</summary>
    private static Fault? Named(Tx tx, AccessGrant access, NetworkLogRow log)
    {
        if (log.ResourceId is { } group && SecurityGroupService.Room.Visible(tx, access, group).Fault is not null)
        {
            return NetworkFaults.Missing("ResourceNotFound", $"Resource {group} could not be found.");
        }

        if (log.TargetId is not { } target) return null;
        var port = PortService.Room.Visible(tx, access, target);
        if (port.Fault is not null) return NetworkFaults.Missing("TargetResourceNotFound", $"Target resource {target} could not be found.");
        if (Owners.IsService(port.Value.DeviceOwner) || port.Value.DeviceOwner == Owners.Dhcp)
        {
            return NetworkFaults.Conflict("LoggingTypeNotSupported", $"Logging type {log.ResourceType} is not supported on port {target}.");
        }

        return log.ResourceId is null || PortStore.Groups(tx, target).Contains(log.ResourceId) ? null : NetworkFaults.Refused(
            "InvalidResourceConstraint",
            $"Invalid resource constraint between resource ({log.ResourceType} {log.ResourceId}) and target resource (port {target}).");
    }
}
