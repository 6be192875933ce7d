using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network;

namespace Sovereign.Compute.Servers;

/// <summary>Actions that change what a server runs on, as the one route of actions hands them on.</summary>
internal sealed class MoveActions(KernelServices kernel, ServerMoves moves, InterfaceService interfaces, ServerView view, INetworks networks)
{
    /// <returns>Null when there is no such action here.</returns>
    public async Task<Answer?> Run(Call call, string id, string name, JsonElement arguments) => name switch
    {
        "pause" => Accepted(await moves.Pause(call.Access, id, call.Stop)),
        "unpause" => Accepted(await moves.Unpause(call.Access, id, call.Stop)),
        "suspend" => Accepted(await moves.Suspend(call.Access, id, call.Stop)),
        "resume" => Accepted(await moves.Resume(call.Access, id, call.Stop)),
        "rebuild" => await Rebuild(call, id, arguments),
        "resize" => await Resize(call, id, arguments),
        "confirmResize" => Answer.Of(await moves.ConfirmResize(call.Access, id, call.Stop), _ => Answer.Empty(204)),
        "revertResize" => Accepted(await moves.RevertResize(call.Access, id, call.Stop)),
        "addSecurityGroup" => await Group(call, id, arguments, member: true),
        "removeSecurityGroup" => await Group(call, id, arguments, member: false),
        _ => null,
    };

    private static Answer Accepted(Outcome<ServerRow> outcome) => Answer.Of(outcome, _ => Answer.Empty(202));

    private async Task<Answer> Rebuild(Call call, string id, JsonElement arguments)
    {
        var read = Read(arguments, ServerJson.Wire.RebuildArguments).Then(asked => RebuildWish.Read(asked, call.Version));
        if (read.Fault is { } wrong) return wrong;
        return Answer.Of(await moves.Rebuild(call.Access, id, read.Value, call.Stop), made =>
        {
            var ports = kernel.Database.Read(session => networks.PortsOf(session, [id])).GetValueOrDefault(id) ?? [];
            var viewer = new ServerViewer(call.Version, call.Access.Everything, call.PublicUrl);
            return Render.Object(202, "server", json => view.Rebuilt(json, made.Row, ports, viewer, made.AdminPass))
                .With("Location", call.PublicUrl + ComputeModule.Prefix + "/servers/" + id);
        });
    }

    private async Task<Answer> Resize(Call call, string id, JsonElement arguments)
    {
        var read = Read(arguments, ServerJson.Wire.ResizeArguments);
        if (read.Fault is { } wrong) return wrong;
        if (read.Value.DiskConfig is not (null or "AUTO" or "MANUAL"))
        {
            return new Fault.Invalid("OS-DCF:diskConfig", "OS-DCF:diskConfig must be either 'MANUAL' or 'AUTO'.");
        }

        var flavor = Wire.LastPart(read.Value.FlavorRef.ToString());
        return Accepted(await moves.Resize(call.Access, id, flavor, read.Value.DiskConfig, call.Stop));
    }

    private async Task<Answer> Group(Call call, string id, JsonElement arguments, bool member)
    {
        var read = Read(arguments, ServerJson.Wire.SecurityGroupName);
        if (read.Fault is { } wrong) return wrong;
        if (read.Value.Name.Trim().Length == 0) return new Fault.Invalid("name", "Security group name cannot be empty");
        return Accepted(await interfaces.SetGroup(call.Access, id, read.Value.Name, member, call.Stop));
    }

    private static Outcome<T> Read<T>(JsonElement arguments, JsonTypeInfo<T> type) => Call.Parse(Encoding.UTF8.GetBytes(arguments.GetRawText()), type);
}
