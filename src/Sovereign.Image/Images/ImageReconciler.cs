using Sovereign.Image.Content;
using Sovereign.Image.Imports;
using Sovereign.Image.Tasks;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Images;

/// <summary>What is left to do for an image that is gone: its bytes, if nobody else has them and no disk stands on them.</summary>
internal sealed class ImageReconciler(KernelServices kernel, ContentStore store) : IReconciler
{
    /// <summary>Who stands on content goes without a word when its disk is made anew; this is when that is looked at.</summary>
    private static readonly TimeSpan lookAgain = TimeSpan.FromHours(1);

    public string Kind => ImageRow.Kind;

    /// <summary>Whether a disk stands on the content of this digest.</summary>
    public Func<Session, string, bool> StandsOn { get; set; } = (_, _) => false;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var kept = false;
        foreach (var file in kernel.Database.Read(session => ContentRows.Garbage(session, id)))
        {
            stop.ThrowIfCancellationRequested();
            if (kernel.Database.Read(session => StandsOn(session, ContentStore.DigestOf(file))))
            {
                kept = true;
                continue;
            }

            store.Remove(file);
            await kernel.Queue.Write<Done>(
                "image.bytes-gone",
                Origin.System,
                tx =>
                {
                    ContentRows.Forget(tx, file);
                    return Done.Value;
                },
                stop);
        }

        if (await DropStage(id, stop)) return kept ? new Progress.Waiting(lookAgain, "the servers that stand on its content") : Progress.Done;
        return new Progress.Waiting(TimeSpan.FromSeconds(1), "the image's import to end");
    }

    /// <summary>What was staged for an image that is gone; false while an import may still read it.</summary>
    private async Task<bool> DropStage(string id, CancellationToken stop)
    {
        var (stage, busy) = kernel.Database.Read(session => (
            ImageStore.Find(session, id) is null ? StageStore.Find(session, id) : null, TaskStore.Unfinished(session, id).Count > 0));
        if (stage is null) return true;
        if (busy) return false;
        store.DropStage(stage.File);
        await kernel.Queue.Write<Done>("image.stage-gone", Origin.System, tx => StageStore.Delete(kernel.Quotas, tx, id), stop);
        return true;
    }

    /// <summary>The row of the garbage stays: the next start tries again.</summary>
    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Task.CompletedTask;
}
