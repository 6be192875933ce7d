using Sovereign.Kernel.Due;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Keys;

/// <summary>Gives a running cloud a new master key when the operator asks for it: the new one is durable first, then every project's key is sealed anew, then the
/// old one is dropped. Each step looks at what is, so that the process may die between any two and the next one go on. One process of a cloud does this.</summary>
/// <param name="requestPath">A file by which the operator asks; it goes once the new key is durable.</param>
public sealed class MasterKeyRotation(MasterKey master, ProjectKeys keys, WriteQueue queue, IRandomness randomness, string requestPath) : IPeriodic
{
    private const int RowsMax = 200;

    /// <summary>Another process that has not read the file again may seal with the old key for half a second: so many walks in a row must find nothing.</summary>
    private const int QuietWalks = 5;

    private int quiet;

    public string Name => "master key";

    public TimeSpan Every => TimeSpan.FromSeconds(1);

    public async Task<string> Run(CancellationToken stop)
    {
        if (!master.Rotating && File.Exists(requestPath)) master.Turn(randomness);
        if (!master.Rotating) return "nothing is sealed by an older key";
        File.Delete(requestPath);
        var count = 0;
        for (string? after = ""; after is not null;)
        {
            var from = after;
            var (reached, anew) = (await queue.Write<(string?, int)>("master-key.rewrap", Origin.System, tx => keys.Rewrap(tx, from, RowsMax), stop)).Value;
            after = reached;
            count += anew;
        }

        quiet = count == 0 ? quiet + 1 : 0;
        if (quiet < QuietWalks) return FormattableString.Invariant($"{count} projects' keys were sealed by the new one");
        quiet = 0;
        master.Forget();
        return "the older one was dropped";
    }
}
