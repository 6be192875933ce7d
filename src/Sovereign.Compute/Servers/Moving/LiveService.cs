using Sovereign.Compute.Hosts;
using Sovereign.Compute.Migrating;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Placement;

namespace Sovereign.Compute.Servers.Moving;

/// <summary>Live migration: what administrators ask for. The reconciler does it (<see cref="LivePhases"/>).</summary>
internal sealed class LiveService(KernelServices kernel, ServerService servers, IPlacement placement, HostService hosts, MoveService moves, BootVolumes boots)
{
    /// <summary>Takes room on another node, beside what the server has on its own.</summary>
    /// <param name="wanted">Id of the node that was asked for; null: the scheduler chooses.</param>
    /// <param name="withDisks">False: only a server without disks of its node may go.</param>
    public Task<Outcome<ServerRow>> Begin(AccessGrant access, string id, string? wanted, bool withDisks, CancellationToken stop)
    {
        const string Action = "live-migration";
        var found = servers.Find(access, id);
        if (found.Ok && moves.ImageGone(found.Value) is { } gone) return Task.FromResult<Outcome<ServerRow>>(gone);
        return servers.Change(
            access,
            id,
            Action,
            (tx, row) =>
            {
                if (ServerService.Refused(access, row, "os-migrateLive", idle: true, ServerStates.Active, ServerStates.Paused) is { } refused) return refused;
                var host = hosts.Find(row.NodeId!)?.Node.HostName ?? "";
                if (wanted == row.NodeId) return new Fault.Invalid("host", $"Unable to migrate instance ({id}) to current host ({host}).");
                if ((HardwareRules.StaysFor(row, Action) ?? boots.StaysFor(tx, row, Action)) is { } stays) return stays;
                if (!withDisks && !(BlockDevices.BootsFromVolume(row) && row.FlavorThen() is { EphemeralGib: 0, SwapMib: 0 }))
                {
                    return new Fault.Invalid("block_migration", $"{host} is not on shared storage: Shared storage live-migration requires either shared storage or "
                        + "boot-from-volume with no local disks.");
                }

                if (hosts.Find(row.NodeId!) is not { Node.Up: true }) return new Fault.Invalid("", $"Compute service of {host} is unavailable at this time.");
                var migration = kernel.Ids.Uuid();
                var claimed = moves.Elsewhere(tx, migration, row, row.NodeId!, wanted, live: true);
                if (claimed.Fault is { } full) return full;
                var kept = placement.Claim(tx, new ClaimRequest(migration, row.ProjectId, row.UserId, ServerReconciler.Resources(row), [row.NodeId!]));
                if (kept.Fault is { } lost) return lost;
                if (boots.Bring(tx, row with { NodeId = claimed.Value }) is { } away) return away;
                MigrationStore.Begin(tx, row, MigrationKinds.Live, (host, hosts.Find(claimed.Value)?.Node.HostName ?? ""), migration, row.FlavorId);
                MigrationStore.Between(tx, migration, row.NodeId!, claimed.Value);
                tx.Due("server", row.Id);
                return row.Move(row.VmState, ServerStates.Migrating);
            },
            stop);
    }

    /// <summary>The server stays where it is.</summary>
    /// <param name="early">True: also before its node was told to bring it (2.65 and later).</param>
    public Task<Outcome<ServerRow>> Abort(AccessGrant access, string id, string migration, bool early, CancellationToken stop) => Say(
        access, id, migration, "live_migration_cancel", "abort live migration", LiveWish.Abort,
        status => status == LiveStatus.Running || (early && status is LiveStatus.Queued or LiveStatus.Preparing), stop);

    /// <summary>The server gets there, however long it stands still for that.</summary>
    public Task<Outcome<ServerRow>> Force(AccessGrant access, string id, string migration, CancellationToken stop) => Say(
        access, id, migration, "live_migration_force_complete", "force_complete", LiveWish.Force, status => status == LiveStatus.Running, stop);

    /// <summary>A migration of a server by its number, as the API calls it.</summary>
    public static Outcome<MigrationRow> Find(Kernel.Store.Session session, string serverId, string number) =>
        MigrationStore.OfServer(session, serverId).Find(row => row.Number.ToString(System.Globalization.CultureInfo.InvariantCulture) == number) is { } row
            ? row : Wire.NotFound($"Migration {number} not found for instance {serverId}");

    private Task<Outcome<ServerRow>> Say(
        AccessGrant access, string id, string migration, string action, string words, string wish, Func<string, bool> fits, CancellationToken stop) => servers.Change(
        access,
        id,
        action,
        (tx, row) =>
        {
            var found = Find(tx, id, migration);
            if (found.Fault is { } missing) return missing;
            if (row.TaskState != ServerStates.Migrating || !found.Value.LiveNow)
            {
                return new Fault.Conflict($"Cannot '{words}' instance {id} while it is in task_state {row.TaskState ?? "None"}");
            }

            if (!fits(found.Value.Status) || found.Value.Wish is LiveWish.Abort or LiveWish.Stay)
            {
                return new Fault.Invalid(
                    "", $"Migration {migration} state of instance {id} is {found.Value.Status}. Cannot {words} while the migration is in this state.");
            }

            MigrationStore.Wish(tx, found.Value.Id, wish, wish == LiveWish.Abort ? "The live migration was aborted." : null);
            tx.Due("server", row.Id);
            return row with { };
        },
        stop);
}
