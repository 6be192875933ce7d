using System.CommandLine;
using Sovereign.Launcher;

namespace Sovereign.Commands;

/// <summary>
/// Prepares the machine and the data directory without starting anything: for machines where systemd starts the processes.
/// </summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var listen = CommonOptions.Listen();
        var config = CommonOptions.Config();
        var image = CommonOptions.TinyImage();
        var command = new Command("init",
            """
            Prepare this machine and the data directory as "up" does, and start nothing: for use with the systemd units of the release.

              sovereign init --config /etc/sovereign.yaml
              systemctl enable --now sovereign sovereign-node
            """)
        { data, listen, config, image };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
        {
            if (CommonOptions.Resolve(parsed.GetValue(data), parsed.GetValue(listen), parsed.GetValue(config)) is not { } options)
                return CommonOptions.ExitUsage;
            if (await Root.Become("it makes system users and directories", stop) is { } exitCode) return exitCode;
            await new Preparation(options.Directory, Console.WriteLine).Run(options, parsed.GetValue(image), stop);
            Console.WriteLine($"{options.Data} is ready to be started.");
            return 0;
        }));
        return command;
    }
}
