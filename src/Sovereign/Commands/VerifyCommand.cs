using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Launcher;
using Sovereign.Network;
using Sovereign.Serve;

namespace Sovereign.Commands;

/// <summary>Reads the database beside the running cloud and says whether its books are right.</summary>
internal static class VerifyCommand
{
    private const int ExitWrong = 1;
    private static readonly TimeSpan SecondLook = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var data = CommonOptions.Data();
        var command = new Command("verify",
            """
            Check the cloud's books: the journal's hash chain and its witnessed heads, quotas against rows, allocations against usages,
            images against their files. Changes nothing; the cloud may run. Exit code: 0 when all is right, 1 with a line for each thing that is not.
            """)
        { data };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
            CommonOptions.Resolve(parsed.GetValue(data), null, null) is { } options ? await Run(options, stop) : CommonOptions.ExitUsage));
        return command;
    }

    private static async Task<int> Run(CloudOptions options, CancellationToken stop)
    {
        var control = options.Directory.Control;
        var master = Path.Combine(control, "keys", "master.key");
        if (!File.Exists(master)) throw new LauncherException($"There is no cloud in {options.Data}.");
        using var engine = Composition.Database(options);
        var sources = new KernelSources(TimeProvider.System, new RandomIds(), new SystemRandomness(), new NoCrashPoints(), NullLoggerFactory.Instance);
        await using var kernel = new KernelServices(
            new CloudSettings(options.PublicUrl, options.Region, control), engine, MasterKey.LoadOrCreate(master, sources.Randomness), sources,
            new Policy(new Dictionary<string, string>()));
        var house = Composition.Of(kernel, ("", ""), new NetworkOptions(options.ExternalCidr));
        foreach (var quota in house.Modules.SelectMany(module => module.Quotas)) kernel.Quotas.Add(quota);
        using var journalKey = JournalKey.LoadOrCreate(Path.Combine(control, "keys", "journal.key"));
        var heads = Path.Combine(control, "journal.heads");
        var lines = File.Exists(heads) ? await File.ReadAllLinesAsync(heads, stop) : [];
        List<string> Look() =>
        [
            .. kernel.Journal.Verify(), .. JournalHeadFile.Verify(lines, journalKey, kernel.Journal.HashOf), .. kernel.Quotas.Verify(),
            .. house.Modules.SelectMany(module => module.Verify()),
        ];
        var wrong = Look();
        if (wrong.Count > 0)
        {
            // A file and its row are not one transaction: what a running upload explains is gone at the second look.
            await Task.Delay(SecondLook, sources.Clock, stop);
            wrong = [.. wrong.Intersect(Look())];
        }

        foreach (var finding in wrong) Console.WriteLine(finding);
        Console.WriteLine($"{kernel.Journal.Head().Sequence} journal entries, {lines.Length} witnessed heads: {(wrong.Count == 0 ? "all is right" : $"{wrong.Count} things are wrong")}");
        return wrong.Count == 0 ? 0 : ExitWrong;
    }
}
