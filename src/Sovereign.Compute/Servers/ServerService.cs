using System.Text.Json;
using Sovereign.Compute.Migrating;
using Sovereign.Compute.Servers.Copies;
using Sovereign.Compute.Servers.Moving;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Compute.Servers;

/// <summary>What users do to servers they have: each one transaction that writes what should be, and lets the node and the reconciler do the rest.</summary>
internal sealed class ServerService(KernelServices kernel, INodes nodes, INetworks networks, Domains domains, Snapshots snapshots)
{
    /// <summary>What moves between nodes; set once, since each of the two needs the other.</summary>
    internal MoveService Moves { get; set; } = null!;

    public static Fault Missing(string id) => new Fault.NotFound("Instance", id);

    public Outcome<ServerRow> Find(AccessGrant access, string id) =>
        kernel.Database.Read(session => ServerStore.Find(session, id)) is { } row && access.Covers(row.ProjectId) ? row : Missing(id);

    public Task<Outcome<ServerRow>> Update(AccessGrant access, string id, ServerUpdate asked, CancellationToken stop) => Change(
        access,
        id,
        null,
        (_, row) => row with
        {
            Name = asked.Name.Given ? asked.Name.Value! : row.Name,
            AccessIpv4 = asked.AccessIpv4.Given ? ServerOrder.AddressOf(asked.AccessIpv4.Value) : row.AccessIpv4,
            AccessIpv6 = asked.AccessIpv6.Given ? ServerOrder.AddressOf(asked.AccessIpv6.Value) : row.AccessIpv6,
            DiskConfig = asked.DiskConfig.Given ? asked.DiskConfig.Value ?? row.DiskConfig : row.DiskConfig,
            Description = asked.Description.Given ? asked.Description.Value : row.Description,
            Hostname = asked.Hostname.Given ? asked.Hostname.Value ?? row.Hostname : row.Hostname,
        },
        stop);

    /// <summary>Works in every state: says that the server must go, and takes it off its node's manifest at once.</summary>
    public async Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop)
    {
        var changed = await Change(
            access,
            id,
            "delete",
            (tx, row) =>
            {
                if (Locked(access, row) is { } locked) return locked;
                if (row.Deleting) return row;
                snapshots.Cancel(tx, row.Id);
                Moves.Unmove(tx, row);
                if (row.NodeId is { } node)
                {
                    nodes.Remove(tx, node, ItemKinds.Domain, row.Id);
                    networks.Unbind(tx, row.Id);
                }

                return row with { Deleting = true, TaskState = ServerStates.DeletingTask, Status = ServerStates.Status(row.VmState, ServerStates.DeletingTask) };
            },
            stop);
        return changed.Map(_ => Done.Value);
    }

    public Task<Outcome<ServerRow>> Start(AccessGrant access, string id, CancellationToken stop) => Change(
        access,
        id,
        "start",
        (tx, row) => Refused(access, row, "start", idle: true, ServerStates.Stopped)
            ?? Want(tx, row.Move(row.VmState, ServerStates.PoweringOn) with { PowerTarget = ServerStates.TargetRunning }),
        stop);

    public Task<Outcome<ServerRow>> Stop(AccessGrant access, string id, CancellationToken stop) => Change(
        access,
        id,
        "stop",
        (tx, row) => Refused(access, row, "stop", idle: true, ServerStates.Active, ServerStates.Error)
            ?? Want(tx, row.Move(row.VmState, ServerStates.PoweringOff) with { PowerTarget = ServerStates.TargetShutoff }),
        stop);

    public Task<Outcome<ServerRow>> Reboot(AccessGrant access, string id, bool hard, CancellationToken stop) => Change(
        access,
        id,
        "reboot",
        (tx, row) =>
        {
            // A hard reboot may interrupt one that is under way.
            var again = hard && row.TaskState is ServerStates.Rebooting or ServerStates.RebootingHard;
            var refused = hard
                ? Refused(
                    access, row, "reboot", !again, ServerStates.Active, ServerStates.Stopped, ServerStates.Paused, ServerStates.Suspended, ServerStates.Error)
                : Refused(access, row, "reboot", idle: true, ServerStates.Active);
            return refused ?? Want(tx, row.Move(row.VmState, hard ? ServerStates.RebootingHard : ServerStates.Rebooting) with
            {
                PowerTarget = ServerStates.TargetRunning,
                RebootCount = row.RebootCount + 1,
                RebootHard = hard,
            });
        },
        stop);

    public Task<Outcome<ServerRow>> Lock(AccessGrant access, string id, string? reason, CancellationToken stop) => Change(
        access,
        id,
        "lock",
        (_, row) => row.LockedBy == "admin" && !access.Everything
            ? Locked(access, row)!
            : row with { LockedBy = access.Caller.ProjectId == row.ProjectId && !access.Everything ? "owner" : "admin", LockedReason = reason },
        stop);

    public Task<Outcome<ServerRow>> Unlock(AccessGrant access, string id, CancellationToken stop) => Change(
        access,
        id,
        "unlock",
        (_, row) => row.LockedBy == "admin" && !access.Everything
            ? new Fault.Forbidden("Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed.")
            : row with { LockedBy = null, LockedReason = null },
        stop);

    public Task<Outcome<ServerRow>> ResetState(AccessGrant access, string id, bool active, CancellationToken stop) => Change(
        access,
        id,
        null,
        (tx, row) =>
        {
            snapshots.Cancel(tx, row.Id);
            // Its nodes have to end that first.
            if (MigrationStore.Live(tx, row.Id) is { } live)
            {
                MigrationStore.Wish(tx, live.Id, LiveWish.Abort, null);
                tx.Due("server", row.Id);
                return row;
            }

            return active
                ? row.Move(ServerStates.Active, null).Heal() with { PowerTarget = ServerStates.TargetRunning }
                : row.Move(ServerStates.Error, null) with { FaultCode = 500, FaultMessage = "An administrator set the state to error.", FaultAt = tx.Now };
        },
        stop);

    /// <summary>Changes the metadata by a function of what it was.</summary>
    public Task<Outcome<ServerRow>> SetMetadata(
        AccessGrant access, string id, Func<SortedDictionary<string, string>, Outcome<IReadOnlyDictionary<string, string>>> change, CancellationToken stop) => Change(
        access,
        id,
        null,
        (tx, row) =>
        {
            if (Locked(access, row) is { } locked) return locked;
            var changed = change(row.MetadataMap());
            if (changed.Fault is { } wrong) return wrong;
            var max = kernel.Quotas.Limit(tx, ComputeQuotas.Service, "metadata_items", row.ProjectId);
            if (ServerOrder.WrongMetadata(changed.Value, max) is { } refused) return refused;
            var next = row with { Metadata = JsonSerializer.Serialize(new Dictionary<string, string>(changed.Value), ServerJson.Wire.DictionaryStringString) };
            return next.NodeId is null || next.Deleting ? next : Want(tx, next);
        },
        stop);

    public Task<Outcome<ServerRow>> SetTags(
        AccessGrant access, string id, Func<IReadOnlyList<string>, Outcome<IReadOnlyList<string>>> change, CancellationToken stop) => Change(
        access,
        id,
        null,
        (tx, row) => change(row.TagList()).Then(ServerOrder.CheckTags).Map(tags =>
        {
            ServerStore.SetTags(tx, row.Id, tags);
            return row with { Tags = JsonSerializer.Serialize([.. tags], ServerJson.Wire.ListString) };
        }),
        stop);

    /// <summary>The tail of the console's text.</summary>
    public async Task<Outcome<string>> Console(AccessGrant access, string id, int? lines, CancellationToken stop)
    {
        const int BytesMax = 100 * 1024;
        var found = Find(access, id);
        if (found.Fault is { } missing) return missing;
        if (found.Value.NodeId is not { } node) return new Fault.Conflict($"Instance {id} is not ready");
        if (lines == 0) return "";
        var read = await nodes.Ask(node, "console", id, BytesMax, stop);
        return read.Map(bytes => Tail(System.Text.Encoding.UTF8.GetString(bytes), lines));
    }

    /// <summary>Sends the guest a non-maskable interrupt; what it does with it (a dump of its memory, a line in its log) is set in the guest.</summary>
    public async Task<Outcome<ServerRow>> Interrupt(AccessGrant access, string id, CancellationToken stop)
    {
        const string Action = "trigger_crash_dump";
        var found = Find(access, id);
        if (found.Fault is { } missing) return missing;
        var refused = Refused(
            access, found.Value, Action, idle: false, ServerStates.Active, ServerStates.Paused, ServerStates.Rescued, ServerStates.Resized, ServerStates.Error);
        if (refused is not null) return refused;
        var sent = await nodes.Ask(found.Value.NodeId!, "interrupt", id, bytesMax: 16, stop);
        if (sent.Fault is { } away) return away;
        if (sent.Value.Length == 0) return new Fault.Conflict($"Cannot '{Action}' instance {id} while it does not run");
        return await Change(access, id, Action, (_, row) => row with { }, stop);
    }

    internal static string Tail(string text, int? lines)
    {
        if (lines is null or < 0) return text;
        var at = text.EndsWith('\n') ? text.Length - 1 : text.Length;
        for (var left = lines.Value; left > 0; left--)
        {
            at = at == 0 ? -1 : text.LastIndexOf('\n', at - 1);
            if (at < 0) return text;
        }

        return text[(at + 1)..];
    }

    internal static Fault.Conflict? Locked(AccessGrant access, ServerRow row) =>
        row.Locked && !access.Everything ? new Fault.Conflict($"Instance {row.Id} is locked") : null;

    /// <summary>Why an action is not possible now; null when it is.</summary>
    internal static Fault? Refused(AccessGrant access, ServerRow row, string action, bool idle, params ReadOnlySpan<string> states)
    {
        if (Locked(access, row) is { } locked) return locked;
        if (!states.Contains(row.VmState)) return new Fault.Conflict($"Cannot '{action}' instance {row.Id} while it is in vm_state {row.VmState}");
        if (row.Deleting || (idle && row.TaskState is not null))
        {
            return new Fault.Conflict($"Cannot '{action}' instance {row.Id} while it is in task_state {row.TaskState}");
        }
        return row.NodeId is null ? new Fault.Conflict($"Instance {row.Id} is not ready") : null;
    }

    internal Outcome<ServerRow> Want(Tx tx, ServerRow row)
    {
        nodes.Put(tx, row.NodeId!, domains.Item(tx, row));
        tx.Due("server", row.Id);
        return row;
    }

    internal Task<Outcome<ServerRow>> Change(
        AccessGrant access, string id, string? action, Func<Tx, ServerRow, Outcome<ServerRow>> change, CancellationToken stop) => kernel.Queue.Write<ServerRow>(
        "server." + (action ?? "update"),
        access.Origin,
        tx =>
        {
            if (ServerStore.Find(tx, id) is not { } row || !access.Covers(row.ProjectId)) return Missing(id);
            var changed = change(tx, row);
            if (!changed.Ok || ReferenceEquals(changed.Value, row)) return changed;
            var next = changed.Value with { UpdatedAt = tx.Now };
            if (!ServerStore.Update(tx, next)) return new Fault.Conflict($"Instance {id} was changed by another request at the same time; try again.");
            tx.Record("server", id, row.ProjectId, Kernel.Journal.Change.Updated, next.Document(), ServerJson.Wire.ServerRow);
            if (next.Deleting) tx.Due("server", id);
            if (action is not null) Begin(tx, access, next, action);
            return next with { Revision = next.Revision + 1 };
        },
        stop);

    private static void Begin(Tx tx, AccessGrant access, ServerRow row, string action)
    {
        ServerStore.Begin(tx, new ActionRow
        {
            ServerId = row.Id, RequestId = access.Origin.RequestId, Action = action, ProjectId = row.ProjectId, UserId = access.Caller.UserId,
            ActorProjectId = access.Caller.ProjectId, Event = ServerEvents.Of(action), NodeId = row.NodeId, StartedAt = tx.Now,
        });
        // What needs no node is done with its transaction.
        var atOnce = action is "lock" or "unlock" or "trigger_crash_dump" or "live_migration_cancel" or "live_migration_force_complete"
            || (action == "createImage" && row.TaskState is null)
            || (row.NodeId is null && (action is "addSecurityGroup" or "removeSecurityGroup" or "attach_volume" or "detach_volume"));
        if (atOnce) ServerStore.EndOne(tx, row.Id, access.Origin.RequestId);
    }
}
