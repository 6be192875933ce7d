using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Compute.Hosts;
using Sovereign.Compute.Servers.Moving;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers;

/// <summary>Actions that take a server to another node. And actions that the API has given up.</summary>
internal sealed class HostActions(HostService hosts, ServerService servers, MoveService moves, LiveService live)
{
    /// <returns>Null when there is no such action here.</returns>
    public async Task<Answer?> Run(Call call, string id, string name, JsonElement arguments) => name switch
    {
        "migrate" => await Migrate(call, id, arguments),
        "os-migrateLive" => await MigrateLive(call, id, arguments),
        "evacuate" => await Evacuate(call, id, arguments),
        "restore" => Found(call, id, row => new Fault.Conflict($"Cannot 'restore' instance {id} while it is in vm_state {row.VmState}")),
        "injectNetworkInfo" or "resetNetwork" => call.Access.Everything
            ? (Answer?)new Fault.Gone("This resource is no longer available. No forwarding address is given.")
            : Denied("os-admin-actions:" + name),
        _ => null,
    };

    private async Task<Answer> Migrate(Call call, string id, JsonElement arguments)
    {
        if (!call.Access.Everything) return Denied("os-migrate-server:migrate");
        string? wanted = null;
        // Before 2.56 clients send null, {} or anything, and it says nothing.
        if (call.Version.Has(56) && arguments.ValueKind != JsonValueKind.Null)
        {
            var read = Read(arguments, ServerJson.Wire.MigrateArguments);
            if (read.Fault is { } wrong) return wrong;
            if (read.Value.Host is { } host && (wanted = hosts.ByName(host)?.Id) is null) return Unknown(host);
        }

        return Answer.Of(await moves.Migrate(call.Access, id, wanted, call.Stop), _ => Answer.Empty(202));
    }

    private async Task<Answer> MigrateLive(Call call, string id, JsonElement arguments)
    {
        if (!call.Access.Everything) return Denied("os-migrate-server:migrate_live");
        var read = Read(arguments, ServerJson.Wire.LiveMigrateArguments);
        if (read.Fault is { } wrong) return wrong;
        var asked = read.Value;
        if (asked.BlockMigration is not { } block) return new Fault.Invalid("block_migration", "'block_migration' is a required property");
        var (auto, since25) = (block.ValueKind == JsonValueKind.String && block.GetString() == "auto", call.Version.Has(25));
        if (!(auto && since25) && Truth(block) is null) return WrongValue("block_migration", block);
        if (asked.DiskOverCommit is not null && since25) return Wire.Unexpected("disk_over_commit");
        if (asked.DiskOverCommit is null && !since25) return new Fault.Invalid("disk_over_commit", "'disk_over_commit' is a required property");
        if (asked.DiskOverCommit is { } over && Truth(over) is null) return WrongValue("disk_over_commit", over);
        if (asked.Force is not null && (!call.Version.Has(30) || call.Version.Has(68))) return Wire.Unexpected("force");
        if (asked.Force is { } force && Truth(force) is null) return WrongValue("force", force);
        string? wanted = null;
        if (asked.Host is { } host && (wanted = hosts.ByName(host)?.Id) is null)
        {
            // Whoever is told that the server can't be migrated need not hear that of the host.
            return Answer.Of(
                servers.Find(call.Access, id).Then<Done>(row => ServerService.Refused(
                    call.Access, row, "os-migrateLive", idle: true, ServerStates.Active, ServerStates.Paused) ?? Unknown(host)), _ => Answer.Empty(202));
        }

        return Answer.Of(await live.Begin(call.Access, id, wanted, auto || Truth(block) == true, call.Stop), _ => Answer.Empty(202));
    }

    private static bool? Truth(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Wire.Truth(value.GetString()!),
        _ => null,
    };

    private static Fault.Invalid WrongValue(string name, JsonElement value) =>
        new(name, $"Invalid input for field/attribute {name}. Value: {value.GetRawText()[..Math.Min(80, value.GetRawText().Length)]}.");

    private async Task<Answer> Evacuate(Call call, string id, JsonElement arguments)
    {
        if (!call.Access.Everything) return Denied("os-evacuate");
        var read = Read(arguments, ServerJson.Wire.EvacuateArguments);
        if (read.Fault is { } wrong) return wrong;
        if (read.Value.OnSharedStorage is not null && call.Version.Has(14)) return Wire.Unexpected("onSharedStorage");
        string? wanted = null;
        if (read.Value.Host is { } host && (wanted = hosts.ByName(host)?.Id) is null) return Unknown(host);
        return Answer.Of(await moves.Evacuate(call.Access, id, wanted, call.Version.Has(95), call.Stop), _ => call.Version.Has(14)
            ? Answer.Empty(200) : Render.Json(200, json =>
            {
                json.WriteStartObject();
                json.WriteString("adminPass", read.Value.AdminPass);
                json.WriteEndObject();
            }));
    }

    private Answer Found(Call call, string id, Func<ServerRow, Fault> refuse) =>
        Answer.Of(servers.Find(call.Access, id).Then<Done>(row => refuse(row)), _ => Answer.Empty(202));

    private static Answer Denied(string policy) => new Fault.Forbidden($"Policy doesn't allow os_compute_api:{policy} to be performed.");

    private static Fault.Invalid Unknown(string host) => new("host", $"Compute host {host} could not be found.");

    private static Outcome<T> Read<T>(JsonElement arguments, JsonTypeInfo<T> type) => Call.Parse(Encoding.UTF8.GetBytes(arguments.GetRawText()), type);
}
