using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sovereign.Image.Images;
using Sovereign.Image.Tasks;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Imports;

/// <summary>Keeps each unfinished import at work. A download may last longer than any lease, so the work is beside its runs: a run starts it where the rows
/// say that it ended, looks how it goes, and ends it when the image is gone.</summary>
internal sealed class ImportReconciler(KernelServices kernel, ImportWork work) : IReconciler
{
    private const int WorkMax = 16;

    /// <summary>So that one project's slow sources don't keep others waiting.</summary>
    private const int WorkOfProjectMax = 4;
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan lookEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan tryEvery = TimeSpan.FromSeconds(5);
    private readonly ILogger log = kernel.Log("image");
    private readonly ConcurrentDictionary<string, Running> running = new(StringComparer.Ordinal);

    public string Kind => TaskRow.Kind;

    /// <summary>Ends all work when the process does.</summary>
    public CancellationToken Stop { get; set; }

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var (task, image) = kernel.Database.Read(session =>
            TaskStore.Find(session, id) is { } found ? (found, ImageStore.Find(session, found.ImageId)) : ((TaskRow?)null, (ImageRow?)null));
        if (task is null) return Progress.Done;
        if (task.Phase == TaskPhases.Done)
        {
            await Forget(id);
            work.Clean(task);
            return Progress.Done;
        }

        if (image is null || image.UploadId != id)
        {
            await Forget(id);
            await work.Fail(task, "The image was deleted while it was imported.", stop);
            return Progress.Done;
        }

        if (!running.TryGetValue(id, out var now))
        {
            if (running.Count >= WorkMax || running.Values.Count(other => other.Owner == task.Owner) >= WorkOfProjectMax)
            {
                return new Progress.Waiting(lookEvery, "other imports to end");
            }

            now = new Running(task.Owner, CancellationTokenSource.CreateLinkedTokenSource(Stop));
            now.Task = Work(id, now.Cancel.Token);
            running[id] = now;
        }

        var ended = await Task.WhenAny(now.Task, Task.Delay(patience, kernel.Clock, stop));
        if (ended != now.Task) return new Progress.Waiting(lookEvery, "the bytes to come");
        await Forget(id);
        return await now.Task is { } fault ? await Judge(task, fault, stop) : Progress.Done;
    }

    public async Task GiveUp(string id, Fault fault, CancellationToken stop)
    {
        if (kernel.Database.Read(session => TaskStore.Find(session, id)) is { } task) await work.Fail(task, fault.Message, stop);
    }

    /// <summary>Null: it is done.</summary>
    private async Task<Fault?> Work(string id, CancellationToken stop)
    {
        // The caller goes on at once.
        await Task.Yield();
        try
        {
            var outcome = await work.Walk(id, stop);
            return outcome.Fault;
        }
        catch (IOException error)
        {
            log.LogError(error, "The import {Task} failed.", id);
            return new Fault.Unavailable("The image could not be stored: the disk of the image service fails.");
        }
        finally
        {
            if (!stop.IsCancellationRequested) await Wake(id);
        }
    }

    private Task Wake(string id) => kernel.Queue.Write<Done>(
        "image.import-wake",
        Origin.System,
        tx =>
        {
            tx.Due(TaskRow.Kind, id);
            return Done.Value;
        },
        CancellationToken.None);

    private async Task<Progress> Judge(TaskRow task, Fault fault, CancellationToken stop)
    {
        if (fault is Fault.Unavailable && await work.TryAgain(task, stop)) return new Progress.Waiting(tryEvery, fault.Message);
        await work.Fail(task, fault.Message, stop);
        return Progress.Done;
    }

    private async Task Forget(string id)
    {
        if (!running.TryRemove(id, out var now)) return;
        await now.Cancel.CancelAsync();
        try
        {
            await now.Task;
        }
        catch (OperationCanceledException)
        {
            // It was told to.
        }
        finally
        {
            now.Cancel.Dispose();
        }
    }

    private sealed class Running(string owner, CancellationTokenSource cancel)
    {
        /// <summary>Project id.</summary>
        public string Owner { get; } = owner;

        public CancellationTokenSource Cancel { get; } = cancel;

        public Task<Fault?> Task { get; set; } = System.Threading.Tasks.Task.FromResult<Fault?>(null);
    }
}
