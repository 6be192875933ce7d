using System.CommandLine;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Store;
using Sovereign.Launcher;
using Sovereign.Node.Machine;

namespace Sovereign.Commands;

/// <summary>Options that several commands share, and how they become validated settings.</summary>
internal static class CommonOptions
{
    public const int ExitFault = 1;
    public const int ExitUsage = 2;

    public static Option<string> Data() => new("--data")
    {
        Description = "The cloud's data directory: database, keys, images, disks, logs. Each cloud has its own. "
            + $"Default: {CloudDirectory.Default}.",
        HelpName = "DIR",
    };

    public static Option<string> Listen() => new("--listen")
    {
        Description = $"Where the HTTPS endpoint listens. Default: {CloudOptions.ListenDefault}, this machine only. "
            + "All interfaces (0.0.0.0:8443) need a public_url in the configuration file.",
        HelpName = "ADDRESS:PORT",
    };

    public static Option<string> Config() => new("--config")
    {
        Description = $"A YAML file with any of: {string.Join(", ", SettingNames.All)}. The command line wins over it.",
        HelpName = "FILE",
    };

    public static Option<string> TinyImage()
        => new("--tiny-image") { Description = "The test image to install instead of the one carried.", HelpName = "FILE", Hidden = true };

    /// <summary>
    /// Command line over --config over what the data directory was started with over the defaults. Null after saying every fault.
    /// </summary>
    public static CloudOptions? Resolve(string? data, string? listen, string? config)
    {
        var given = WrittenSettings.None.With(SettingNames.Data, data).With(SettingNames.Listen, listen);
        if (config is not null) given = given.Over(WrittenSettings.FromFile(config));
        var known = CloudDirectory.At(given[SettingNames.Data] ?? CloudDirectory.Default);
        if (known.IsCloud) given = given.Over(WrittenSettings.FromFile(known.Config));
        var (options, faults) = CloudOptions.From(given);
        if (options is null)
        {
            Console.Error.WriteLine("The settings cannot be used:");
            foreach (var fault in faults) Console.Error.WriteLine($"  {fault}");
        }
        return options;
    }

    /// <summary>A refusal is a sentence on standard error and an exit code, never a stack trace.</summary>
    public static async Task<int> Guard(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception exception) when (exception is LauncherException or NodeException or PolicyException or StoreUnavailableException or IOException
            or UnauthorizedAccessException or TimeoutException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitFault;
        }
    }
}
