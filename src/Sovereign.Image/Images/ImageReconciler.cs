using Sovereign.Image.Content;
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

        return Progress.Done;
    }

    /// <summary>The row of the garbage stays: the next start tries again.</summary>
    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Task.CompletedTask;
}
