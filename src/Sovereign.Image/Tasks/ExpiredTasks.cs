using System.Globalization;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Tasks;

/// <summary>Forgets tasks whose time is over.</summary>
internal sealed class ExpiredTasks(KernelServices kernel) : IPeriodic
{
    public string Name => "image-tasks";

    public TimeSpan Every => TimeSpan.FromHours(1);

    public async Task<string> Run(CancellationToken stop)
    {
        var expired = kernel.Database.Read(session => TaskStore.Expired(session, kernel.Clock.Now()));
        if (expired.Count > 0)
        {
            await kernel.Queue.Write<Done>(
                "image.tasks-expire",
                Origin.System,
                tx =>
                {
                    foreach (var id in expired) TaskStore.Delete(tx, id);
                    return Done.Value;
                },
                stop);
        }

        return string.Create(CultureInfo.InvariantCulture, $"forgot {expired.Count} tasks of imports");
    }
}
