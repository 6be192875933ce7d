using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Compute.Consoles;
using Sovereign.Compute.Proxies;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers;

/// <summary>The one route of actions: the body's only member names the action.</summary>
internal sealed class ActionEndpoints(ServerService servers, MoveActions moves, DiskActions disks, HostActions hosts, AddressActions addresses, ConsoleEndpoints consoles)
{
    public void Map(BothRoutes api) => api.Post("/servers/{id}/action", "compute:servers:action", Run);

    private async Task<Answer> Run(Call call)
    {
        var body = await call.Body(ServerJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.Count != 1) return new Fault.Invalid("", "There must be exactly one action in the body.");
        var (name, arguments) = body.Value.First();
        var id = call.Route("id");
        return name switch
        {
            "os-start" => Accepted(await servers.Start(call.Access, id, call.Stop)),
            "os-stop" => Accepted(await servers.Stop(call.Access, id, call.Stop)),
            "reboot" => await Reboot(call, id, arguments),
            "os-getConsoleOutput" => await Console(call, id, arguments),
            "lock" => await Lock(call, id, arguments),
            "unlock" => Accepted(await servers.Unlock(call.Access, id, call.Stop)),
            "os-resetState" => await Reset(call, id, arguments),
            "trigger_crash_dump" when call.Version.Has(17) => await Interrupt(call, id, arguments),
            "forceDelete" => Deleted(await servers.Delete(call.Access, id, call.Stop)),
            _ => await moves.Run(call, id, name, arguments) ?? await disks.Run(call, id, name, arguments) ?? await hosts.Run(call, id, name, arguments)
                ?? await addresses.Run(call, id, name, arguments) ?? await consoles.Run(call, id, name, arguments)
                ?? new Fault.Invalid("", $"There is no such action: {Short(name)}"),
        };
    }

    private static Answer Accepted(Outcome<ServerRow> outcome) => Answer.Of(outcome, _ => Answer.Empty(202));

    private static Answer Deleted(Outcome<Done> outcome) => Answer.Of(outcome, _ => Answer.Empty(202));

    private async Task<Answer> Interrupt(Call call, string id, JsonElement arguments) => arguments.ValueKind == JsonValueKind.Null
        ? Accepted(await servers.Interrupt(call.Access, id, call.Stop))
        : new Fault.Invalid("trigger_crash_dump", "Invalid input for field/attribute trigger_crash_dump. It has no arguments.");

    private async Task<Answer> Reboot(Call call, string id, JsonElement arguments)
    {
        var read = Read(arguments, ServerJson.Wire.RebootArguments);
        if (read.Fault is { } wrong) return wrong;
        var type = read.Value.Type.ToUpperInvariant();
        if (type is not ("SOFT" or "HARD")) return new Fault.Invalid("type", "Invalid input for field/attribute type. A reboot is SOFT or HARD.");
        return Accepted(await servers.Reboot(call.Access, id, type == "HARD", call.Stop));
    }

    private async Task<Answer> Console(Call call, string id, JsonElement arguments)
    {
        int? lines = null;
        if (arguments.ValueKind != JsonValueKind.Null)
        {
            var read = Read(arguments, ServerJson.Wire.ConsoleArguments);
            if (read.Fault is { } wrong) return wrong;
            if (read.Value.Length is { ValueKind: not JsonValueKind.Null } length)
            {
                if (!int.TryParse(length.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < -1)
                {
                    return new Fault.Invalid("length", "Invalid input for field/attribute length. It is a number of lines, or -1 for all.");
                }

                lines = number;
            }
        }

        return Answer.Of(await servers.Console(call.Access, id, lines, call.Stop), text => Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("output", text);
            json.WriteEndObject();
        }));
    }

    private async Task<Answer> Lock(Call call, string id, JsonElement arguments)
    {
        string? reason = null;
        // Before 2.73 whatever stands there means nothing.
        if (call.Version.Has(73) && arguments.ValueKind != JsonValueKind.Null)
        {
            var read = Read(arguments, ServerJson.Wire.LockArguments);
            if (read.Fault is { } wrong) return wrong;
            reason = read.Value.LockedReason;
            if (reason is { Length: 0 or > 255 }) return new Fault.Invalid("locked_reason", "locked_reason has 1 to 255 characters.");
        }

        return Accepted(await servers.Lock(call.Access, id, reason, call.Stop));
    }

    private async Task<Answer> Reset(Call call, string id, JsonElement arguments)
    {
        if (!call.Access.Everything) return new Fault.Forbidden("Policy doesn't allow os_compute_api:os-admin-actions:reset_state to be performed.");
        var read = Read(arguments, ServerJson.Wire.ResetArguments);
        if (read.Fault is { } wrong) return wrong;
        if (read.Value.State is not ("active" or "error")) return new Fault.Invalid("state", "Invalid input for field/attribute state. It is active or error.");
        return Accepted(await servers.ResetState(call.Access, id, read.Value.State == "active", call.Stop));
    }

    private static Outcome<T> Read<T>(JsonElement arguments, JsonTypeInfo<T> type) => Call.Parse(Encoding.UTF8.GetBytes(arguments.GetRawText()), type);

    private static string Short(string name) => name.Length > 80 ? name[..80] + "…" : name;
}
