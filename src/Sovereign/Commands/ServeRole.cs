using System.CommandLine;
using System.Net;
using Sovereign.Launcher;
using Sovereign.Serve;

namespace Sovereign.Commands;

/// <summary>The control plane's process, as the supervisor starts it.</summary>
internal static class ServeRole
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var beside = new Option<string>("--beside")
        {
            Description = "Serve at this address beside the control plane that runs, from the same directory and the same PostgreSQL: during an upgrade.",
            HelpName = "ADDRESS:PORT",
        };
        var command = new Command("serve",
            "The control plane's process. \"up\" starts it; it runs as the user sovereign and needs no privilege.") { data, beside };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
        {
            if (CommonOptions.Resolve(parsed.GetValue(data), null, null) is not { } options) return CommonOptions.ExitUsage;
            return await ServeCommand.Run(parsed.GetValue(beside) is { } other ? Beside(options, other) : options, stop);
        }));
        return command;
    }

    private static CloudOptions Beside(CloudOptions options, string address)
    {
        if (!options.Directory.IsCloud) throw new LauncherException($"There is no cloud in {options.Data}.");
        if (options.Database is null)
        {
            throw new LauncherException($"The cloud in {options.Data} is on SQLite, which has one process. "
                + "A second control plane needs PostgreSQL: the setting database.");
        }

        return IPEndPoint.TryParse(address, out var listen) && listen.Port > 0 && !listen.Equals(options.Listen)
            ? options with { Listen = listen, Beside = true }
            : throw new LauncherException($"--beside: '{address}' must be ADDRESS:PORT with an IP address, and another one than {options.Listen}.");
    }
}
