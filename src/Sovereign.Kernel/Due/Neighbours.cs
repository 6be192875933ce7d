using Microsoft.Extensions.Logging;
using Sovereign.Kernel.Keys;

namespace Sovereign.Kernel.Due;

/// <summary>Where several processes serve one database: looks twice a second at what the others wrote, which no event of this process tells of.</summary>
internal sealed class Neighbours(IReadOnlyList<IModule> modules, DueWorker due, MasterKey master, ILogger log) : IPeriodic
{
    public string Name => "other control planes";

    public TimeSpan Every => TimeSpan.FromMilliseconds(500);

    public async Task<string> Run(CancellationToken stop)
    {
        due.Nudge();
        master.Reread();
        var caught = 0;
        foreach (var module in modules)
        {
            if (await module.CatchUp(stop) is not { } news) continue;
            log.LogInformation("{Module}: {News}", module.Name, news);
            caught++;
        }

        return caught == 0 ? "nothing new" : FormattableString.Invariant($"{caught} modules caught up");
    }
}
