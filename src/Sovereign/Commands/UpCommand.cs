using System.CommandLine;
using System.Net.Sockets;
using Sovereign.Launcher;

namespace Sovereign.Commands;

/// <summary>Makes a cloud run on this machine and says how to use it.</summary>
internal static class UpCommand
{
    private static readonly TimeSpan watchEvery = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var data = CommonOptions.Data();
        var listen = CommonOptions.Listen();
        var config = CommonOptions.Config();
        var image = CommonOptions.TinyImage();
        var detach = new Option<bool>("--detach")
        {
            Description = "Return when the cloud is ready and leave it running; without it, Ctrl-C stops the cloud.",
        };
        var command = new Command("up",
            """
            Start the cloud, or say that it runs. The first start installs the OS packages that are missing, makes two system users
            (sovereign, sovereign-qemu) and the data directory, and starts two processes: the control plane without any privilege, and
            the node agent. When it is ready, it says what to type next. Can be repeated at any time.

            Examples:
              sovereign up --detach
              sovereign up --data /srv/second-cloud --listen 127.0.0.1:9443
            """)
        { data, listen, config, detach, image };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
        {
            if (CommonOptions.Resolve(parsed.GetValue(data), parsed.GetValue(listen), parsed.GetValue(config)) is not { } options)
                return CommonOptions.ExitUsage;
            if (await Root.Become("it makes system users, network namespaces and virtual machines", stop) is { } exitCode) return exitCode;
            return await Run(options, parsed.GetValue(image), parsed.GetValue(detach), stop);
        }));
        return command;
    }

    private static async Task<int> Run(CloudOptions options, string? tinyImage, bool detach, CancellationToken stop)
    {
        var clock = TimeProvider.System;
        var cloud = options.Directory;
        var processes = new CloudProcesses(cloud, clock);
        var progress = new ReadyProgress(options, processes, clock);
        if (processes.Watcher is not null)
        {
            if (await File.ReadAllTextAsync(cloud.Config, stop) != WrittenSettings.Write(options))
                throw new LauncherException($"The cloud in {cloud.Path} runs with other settings ({cloud.Config}). "
                    + $"Stop it first: sovereign down --data {cloud.Path}");
            Console.WriteLine($"The cloud in {cloud.Path} is running already.");
            if (!await progress.Wait(stop)) return CommonOptions.ExitFault;
            Usage.Print(options);
            return 0;
        }

        var preparation = new Preparation(cloud, Console.WriteLine);
        preparation.CheckDirectory();
        using (Hold(cloud))
        {
            await preparation.Run(options, tinyImage, stop);
            await processes.Stop(stop);     // what a supervisor that was killed left behind
            CheckPort(options);
            await processes.Start(stop);
        }
        try
        {
            if (!await progress.Wait(stop)) return CommonOptions.ExitFault;
            Usage.Print(options);
            if (detach) return 0;
            Console.WriteLine("Press Ctrl-C to stop the cloud.");
            while (processes.Watcher is not null) await Task.Delay(watchEvery, clock, stop);
            Console.WriteLine("The cloud was stopped.");
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.WriteLine("\nStopping the cloud. Its virtual machines go on and are found again by the next start.");
            await processes.Stop(CancellationToken.None);
            return 0;
        }
    }

    /// <summary>One start at a time per cloud; a second one waits for nothing but says so.</summary>
    private static FileStream Hold(CloudDirectory cloud)
    {
        Directory.CreateDirectory(cloud.Path);
        try
        {
            return new FileStream(cloud.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new LauncherException($"Another \"sovereign up\" is starting the cloud in {cloud.Path} just now.");
        }
    }

    private static void CheckPort(CloudOptions options)
    {
        try
        {
            using var probe = new TcpListener(options.Listen);
            probe.Start();
        }
        catch (SocketException exception)
        {
            throw new LauncherException(
                $"The cloud cannot listen on {options.Listen}: {exception.Message}. Choose another with --listen ADDRESS:PORT.");
        }
    }
}
