using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Compute.Hosts;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers;

/// <summary>Actions that would take a server to another node. Disks are local, so each is checked as the API says and then refused for want of a host; and actions
/// that the API has given up.</summary>
internal sealed class HostActions(ServerService servers, HostService hosts)
{
    private const string NoHost = "No valid host was found. ";

    /// <returns>Null when there is no such action here.</returns>
    public Task<Answer?> Run(Call call, string id, string name, JsonElement arguments) => Task.FromResult(name switch
    {
        "migrate" => Migrate(call, id, arguments),
        "os-migrateLive" => MigrateLive(call, id, arguments),
        "evacuate" => Evacuate(call, id, arguments),
        "restore" => Found(call, id, row => new Fault.Conflict($"Cannot 'restore' instance {id} while it is in vm_state {row.VmState}")),
        "injectNetworkInfo" or "resetNetwork" => call.Access.Everything
            ? (Answer?)new Fault.Gone("This resource is no longer available. No forwarding address is given.")
            : Denied("os-admin-actions:" + name),
        _ => null,
    });

    private Answer Migrate(Call call, string id, JsonElement arguments)
    {
        if (!call.Access.Everything) return Denied("os-migrate-server:migrate");
        if (arguments.ValueKind != JsonValueKind.Null)
        {
            if (!call.Version.Has(56)) return new Fault.Invalid("migrate", "Invalid input for field/attribute migrate. It has no arguments before 2.56.");
            var read = Read(arguments, ServerJson.Wire.MigrateArguments);
            if (read.Fault is { } wrong) return wrong;
            if (read.Value.Host is { } host && hosts.ByName(host) is null) return Unknown(host);
        }

        return Found(call, id, row => ServerService.Refused(call.Access, row, "migrate", idle: true, ServerStates.Active, ServerStates.Stopped)
            ?? new Fault.Invalid("", NoHost + "Cold migration is not possible: the disks of servers are local to their node."));
    }

    private Answer MigrateLive(Call call, string id, JsonElement arguments)
    {
        if (!call.Access.Everything) return Denied("os-migrate-server:migrate_live");
        var read = Read(arguments, ServerJson.Wire.LiveMigrateArguments);
        if (read.Fault is { } wrong) return wrong;
        var asked = read.Value;
        if (asked.BlockMigration is null) return new Fault.Invalid("block_migration", "'block_migration' is a required property");
        if (asked.DiskOverCommit is not null && call.Version.Has(25)) return Wire.Unexpected("disk_over_commit");
        if (asked.Force is not null && (!call.Version.Has(30) || call.Version.Has(68))) return Wire.Unexpected("force");
        return Found(call, id, row =>
        {
            if (ServerService.Refused(call.Access, row, "os-migrateLive", idle: true, ServerStates.Active, ServerStates.Paused) is { } refused) return refused;
            if (asked.Host is { } host && hosts.ByName(host) is not { } node) return Unknown(host);
            return new Fault.Invalid("", NoHost + "There are not enough hosts available.");
        });
    }

    private Answer Evacuate(Call call, string id, JsonElement arguments)
    {
        if (!call.Access.Everything) return Denied("os-evacuate");
        var read = Read(arguments, ServerJson.Wire.EvacuateArguments);
        if (read.Fault is { } wrong) return wrong;
        if (read.Value.OnSharedStorage is not null && call.Version.Has(14)) return Wire.Unexpected("onSharedStorage");
        if (read.Value.Host is { } host && hosts.ByName(host) is null) return Unknown(host);
        return Found(call, id, row =>
        {
            var refused = ServerService.Refused(call.Access, row, "evacuate", idle: false, ServerStates.Active, ServerStates.Stopped, ServerStates.Error);
            if (refused is not null) return refused;
            return hosts.Find(row.NodeId!) is { Up: true } up
                ? new Fault.Invalid("", $"Compute service of {up.Node.HostName} is still in use.")
                : new Fault.Invalid("", NoHost + "Nothing starts elsewhere before its node is confirmed to be off, and its disk is there.");
        });
    }

    private Answer Found(Call call, string id, Func<ServerRow, Fault> refuse) =>
        Answer.Of(servers.Find(call.Access, id).Then<Done>(row => refuse(row)), _ => Answer.Empty(202));

    private static Answer Denied(string policy) => new Fault.Forbidden($"Policy doesn't allow os_compute_api:{policy} to be performed.");

    private static Fault.Invalid Unknown(string host) => new("host", $"Compute host {host} could not be found.");

    private static Outcome<T> Read<T>(JsonElement arguments, JsonTypeInfo<T> type) => Call.Parse(Encoding.UTF8.GetBytes(arguments.GetRawText()), type);
}
