using System.CommandLine;
using Sovereign.Launcher;
using Sovereign.Serve;

namespace Sovereign.Commands;

/// <summary>The control plane's process, as the supervisor starts it.</summary>
internal static class ServeRole
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var command = new Command("serve",
            "The control plane's process. \"up\" starts it; it runs as the user sovereign and needs no privilege.") { data };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
            CommonOptions.Resolve(parsed.GetValue(data), null, null) is { } options
                ? await ServeCommand.Run(options, stop)
                : CommonOptions.ExitUsage));
        return command;
    }
}
