using Sovereign.Image.Content;
using Sovereign.Image.Images;
using Sovereign.Image.Inspection;
using Sovereign.Image.Tasks;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Imports;

/// <summary>The phases of one import: fetch, inspect (and convert), keep. Each looks at what is there, ends with a commit, and can be begun again after a
/// crash at any point.</summary>
internal sealed class ImportWork(KernelServices kernel, ContentStore store, ImportOptions options)
{
    private const string Converted = ".converted";
    private const int TriesMax = 8;
    private readonly WebSource web = new(new AddressGuard(options), kernel.Clock);

    /// <summary>Walks the phases that are left.</summary>
    public async Task<Outcome<Done>> Walk(string id, CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var (task, image) = kernel.Database.Read(session =>
                TaskStore.Find(session, id) is { } found ? (found, ImageStore.Find(session, found.ImageId)) : ((TaskRow?)null, (ImageRow?)null));
            if (task is null || image is null || image.UploadId != id || task.Phase == TaskPhases.Done) return Done.Value;
            var outcome = await InTime(task, image, stop);
            if (!outcome.Ok) return outcome;
        }
    }

    /// <summary>The next phase, ended when the import's time is over.</summary>
    private async Task<Outcome<Done>> InTime(TaskRow task, ImageRow image, CancellationToken stop)
    {
        var left = Micros.Of(ImportOptions.TimeMax) - (kernel.Clock.Now() - task.CreatedAt);
        using var timer = new CancellationTokenSource(TimeSpan.FromMicroseconds(Math.Max(1, left)), kernel.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        try
        {
            return task.Phase switch
            {
                TaskPhases.Fetch => await Fetch(task, either.Token),
                TaskPhases.Inspect => await Inspect(task, image, either.Token),
                _ => await Keep(task, image, either.Token),
            };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new Fault.Invalid("", $"The import took longer than {ImportOptions.TimeMax.TotalHours:F0} hours.");
        }
    }

    /// <summary>Ends an import without success: the image goes back to queued, the bytes go.</summary>
    public async Task Fail(TaskRow task, string message, CancellationToken stop)
    {
        StageRow? stage;
        (task, stage) = kernel.Database.Read(session => (TaskStore.Find(session, task.Id) ?? task, StageStore.Find(session, task.ImageId)));
        await kernel.Queue.Write<Done>(
            "image.import-fail",
            Origin.System,
            tx =>
            {
                var now = TaskStore.Find(tx, task.Id);
                if (now is null || now.Phase == TaskPhases.Done) return Done.Value;
                StageStore.Delete(kernel.Quotas, tx, now.ImageId);
                End(tx, now, TaskStatuses.Failure, message);
                if (ImageStore.Find(tx, now.ImageId) is not { Status: ImageStatus.Importing } image || image.UploadId != now.Id) return Done.Value;
                ImageStore.SetProperty(tx, image.Id, ImportService.ImportingTo, "");
                ImageStore.SetProperty(tx, image.Id, ImportService.FailedIn, ImageView.StoreId);
                return ImageService.Move(kernel, tx, image, ImageStatus.Queued, null).Map(_ => Done.Value);
            },
            stop);
        if (stage is not null) store.DropStage(stage.File);
        if (task.Target is { } target && !kernel.Database.Read(session => ContentRows.Has(session, target))) store.Remove(target);
        Clean(task);
    }

    /// <summary>Counts a try that failed for now; false when there were too many of them without a byte more.</summary>
    public async Task<bool> TryAgain(TaskRow task, CancellationToken stop)
    {
        var have = store.StagedBytes(task.File);
        var tries = have > (task.Size ?? 0) ? 1 : task.Tries + 1;
        if (tries >= TriesMax) return false;
        var saved = await kernel.Queue.Write<Done>(
            "image.import-again",
            Origin.System,
            tx =>
            {
                if (TaskStore.Find(tx, task.Id) is not { } now) return new Fault.Gone("The task is gone.");
                TaskStore.Update(tx, now with { Tries = tries, Size = now.Sha256 is null ? have : now.Size, UpdatedAt = tx.Now });
                return Done.Value;
            },
            stop);
        return saved.Ok;
    }

    /// <summary>Removes what an import that ended may have left in the staging directory.</summary>
    public void Clean(TaskRow task)
    {
        store.DropStage(task.File);
        store.DropStage(task.Id + Converted);
    }

    private async Task<Outcome<Done>> Fetch(TaskRow task, CancellationToken stop)
    {
        IImportSource source = task.Method == ImportMethods.Web ? web : new DirectorySource(options.Directory ?? "/nowhere");
        using (var file = store.OpenStage(task.File))
        {
            var validator = task.Validator;
            var fetched = await source.Fetch(task.Source, file, validator, async version =>
            {
                task = task with { Validator = version, Status = TaskStatuses.Processing };
                await Save(task, "image.import-fetch", stop);
            }, stop);
            if (!fetched.Ok) return fetched;
        }

        return await Save(task with { Phase = TaskPhases.Inspect, Status = TaskStatuses.Processing }, "image.import-fetched", stop);
    }

    private async Task<Outcome<Done>> Inspect(TaskRow task, ImageRow image, CancellationToken stop)
    {
        if (!store.Staged(task.File)) return new Fault.Invalid("", "The bytes of the import were lost.");
        var looked = await Look(task, task.File, image.DiskFormat!, stop);
        if (looked.Fault is { } refused) return refused;
        task = looked.Value;
        if (ImageConverter.Converts(image.DiskFormat!, image.ContainerFormat!, options.Format))
        {
            // Half a conversion of a dead process is worth nothing.
            var target = task.Id + Converted;
            store.DropStage(target);
            var done = await ImageConverter.Convert(
                store.StagePath(task.File), image.DiskFormat!, store.StagePath(target), options.Format!, kernel.Clock, stop);
            if (!done.Ok) return done;
            var converted = await Look(task with { Sha256 = null }, target, options.Format!, stop);
            if (converted.Fault is { } wrong) return wrong;
            // Both files are there until the commit says which one counts.
            var source = task.File;
            task = converted.Value with { File = target, DiskFormat = options.Format! };
            var saved = await Save(Kept(task), "image.import-converted", stop);
            if (saved.Ok && task.Method != ImportMethods.Direct) store.DropStage(source);
            return saved;
        }

        return await Save(Kept(task), "image.import-inspected", stop);
    }

    private static TaskRow Kept(TaskRow task) => task with
    {
        Phase = TaskPhases.Keep,
        Status = TaskStatuses.Processing,
        Target = ContentStore.NameOf(task.Sha256!, task.Id),
    };

    /// <summary>What a staged file is: size, hashes where they are not known, and that it is what it is said to be.</summary>
    private async Task<Outcome<TaskRow>> Look(TaskRow task, string stage, string format, CancellationToken stop)
    {
        using var file = store.OpenStage(stage);
        RandomAccess.FlushToDisk(file);
        var length = RandomAccess.GetLength(file);
        if (task.Sha256 is not null && task.Size != length) return new Fault.Invalid("", "The bytes of the import were lost.");
        var inspected = ImageInspector.Inspect(format, file, length);
        if (inspected.Fault is { } refused) return refused;
        var content = task.Sha256 is not null ? new ReceivedContent(length, task.Md5!, task.Sha256, task.Sha512!) : await ContentHashes.Of(file, stop);
        return task with { Size = content.Size, VirtualSize = inspected.Value, Md5 = content.Md5, Sha256 = content.Sha256, Sha512 = content.Sha512 };
    }

    /// <summary>The bytes are moved before the commit that makes them the image's; the row named their place before, so that no sweep takes them.</summary>
    private async Task<Outcome<Done>> Keep(TaskRow task, ImageRow image, CancellationToken stop)
    {
        var stage = kernel.Database.Read(session => StageStore.Find(session, task.ImageId));
        if (!store.KeepStage(task.File, task.Target!)) return new Fault.Invalid("", "The bytes of the import were lost.");
        var kept = "";
        var finished = await kernel.Queue.Write<Done>(
            "image.import-finish",
            Origin.System,
            tx =>
            {
                kept = ContentRows.Take(tx, image.Owner, task.Sha256!, task.Size!.Value, task.Target!);
                return Finish(tx, task, image, kept);
            },
            stop);
        if (!finished.Ok) return finished;
        if (kept != task.Target) store.Remove(task.Target!);
        if (stage is not null) store.DropStage(stage.File);
        return finished;
    }

    private Outcome<Done> Finish(Tx tx, TaskRow task, ImageRow image, string file)
    {
        var filled = image with
        {
            DiskFormat = task.DiskFormat,
            Size = task.Size,
            VirtualSize = task.VirtualSize,
            Checksum = task.Md5,
            OsHashValue = task.Sha512,
            Digest = task.Sha256,
            ContentFile = file,
        };
        if (!ImageStore.Fill(tx, filled, task.Id)) return new Fault.Gone($"Image {image.Id} could not be found after import.");
        var now = ImageStore.Find(tx, image.Id)!;
        if (ImageBooks.Shift(kernel.Quotas, tx, image, now).Fault is { } over) return over;
        StageStore.Delete(kernel.Quotas, tx, image.Id);
        ImageStore.SetProperty(tx, image.Id, ImportService.ImportingTo, "");
        ImageService.Record(tx, ImageStore.Whole(tx, now), Change.Updated);
        End(tx, task, TaskStatuses.Success, "");
        return Done.Value;
    }

    private static void End(Tx tx, TaskRow task, string status, string message)
    {
        var ended = task with
        {
            Status = status,
            Message = message,
            Phase = TaskPhases.Done,
            Target = null,
            UpdatedAt = tx.Now,
            ExpiresAt = tx.Now + Micros.Of(TaskRow.Kept),
        };
        TaskStore.Update(tx, ended);
        ImportService.Record(tx, ended, Change.Updated);
    }

    private Task<Outcome<Done>> Save(TaskRow task, string name, CancellationToken stop) => kernel.Queue.Write<Done>(
        name,
        Origin.System,
        tx =>
        {
            var now = task with { UpdatedAt = tx.Now };
            if (!TaskStore.Update(tx, now)) return new Fault.Gone($"The import {task.Id} has ended.");
            ImportService.Record(tx, now, Change.Updated);
            return Done.Value;
        },
        stop);
}
