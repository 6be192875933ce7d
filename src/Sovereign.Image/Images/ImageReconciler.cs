using Sovereign.Image.Content;
using Sovereign.Image.Imports;
using Sovereign.Image.Tasks;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Images;

/// <summary>What is left to do for an image that is gone: its bytes, if nobody else has them.</summary>
internal sealed class ImageReconciler(KernelServices kernel, ContentStore store) : IReconciler
{
    public string Kind => ImageRow.Kind;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        foreach (var file in kernel.Database.Read(session => ContentRows.Garbage(session, id)))
        {
            stop.ThrowIfCancellationRequested();
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

        return await DropStage(id, stop) ? Progress.Done : new Progress.Waiting(TimeSpan.FromSeconds(1), "the image's import to end");
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
