using Sovereign.Image.Images;
using Sovereign.Image.Inspection;
using Sovereign.Image.Tasks;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Imports;

/// <summary>Takes the wish for an import; the work is due work.</summary>
internal sealed class ImportService(KernelServices kernel, ImportOptions options)
{
    public const string ImportingTo = "os_glance_importing_to_stores";
    public const string FailedIn = "os_glance_failed_import";

    private readonly AddressGuard guard = new(options);

    public Task<Outcome<TaskRow>> Begin(AccessGrant access, string imageId, ImportBody body, CancellationToken stop)
    {
        var source = Source(access, body);
        if (source.Fault is { } wrong) return Task.FromResult<Outcome<TaskRow>>(wrong);
        var id = kernel.Ids.Uuid();
        return kernel.Queue.Write<TaskRow>(
            "image.import-begin",
            access.Origin,
            tx =>
            {
                var found = ImageLookup.Owned(tx, access, imageId, "import data to");
                if (found.Fault is { } missing) return missing;
                var image = found.Value;
                var stage = StageStore.Find(tx, imageId);
                if (Unready(image, body.Method.Name, stage) is { } refused) return refused;
                var task = new TaskRow
                {
                    Id = id, ImageId = imageId, Owner = image.Owner, UserId = access.Caller.UserId, RequestId = access.Origin.RequestId, Method = body.Method.Name,
                    Source = source.Value, DiskFormat = image.DiskFormat!, File = id, CreatedAt = tx.Now, UpdatedAt = tx.Now,
                };
                if (stage is not null)
                {
                    // The bytes are here and hashed.
                    task = task with { File = stage.File, Phase = TaskPhases.Inspect, Size = stage.Size, Md5 = stage.Md5, Sha256 = stage.Sha256, Sha512 = stage.Sha512 };
                }

                TaskStore.Insert(tx, task);
                ImageStore.SetProperty(tx, imageId, ImportingTo, ImageView.StoreId);
                ImageStore.SetProperty(tx, imageId, FailedIn, "");
                if (ImageService.Move(kernel, tx, image, ImageStatus.Importing, id).Fault is { } late) return late;
                Record(tx, task, Change.Created);
                tx.Due(TaskRow.Kind, id);
                return task;
            },
            stop);
    }

    public static void Record(Tx tx, TaskRow task, Change change) =>
        tx.Record(TaskRow.Kind, task.Id, task.Owner, change, TaskView.From(task), ImageJson.Wire.TaskView);

    /// <summary>Whence the bytes come, as the task keeps it; or why that may not be.</summary>
    private Outcome<string> Source(AccessGrant access, ImportBody body)
    {
        if (!options.Methods.Contains(body.Method.Name)) return new Fault.Invalid("method", $"Unknown import method name '{body.Method.Name}'.");
        if (body.Stores is { } stores && (stores.Count == 0 || stores.Any(store => store != ImageView.StoreId)))
        {
            return new Fault.Invalid("stores", $"Import to multiple stores: the one store here is '{ImageView.StoreId}'.");
        }

        if (body.Stores is not null && body.AllStores == true) return new Fault.Invalid("all_stores", "All_stores parameter can't be used with the stores parameter.");
        switch (body.Method.Name)
        {
            case ImportMethods.Web:
                return guard.Check(body.Method.Uri).Map(uri => uri.AbsoluteUri);
            case ImportMethods.CopyDirectory:
                if (kernel.Policy[ImageAccess.ImportDirectory].Evaluate(access.Caller) == Reach.None)
                {
                    return new Fault.Forbidden("You are not authorized to import from the operator's directory.");
                }

                return body.Method.File is { } name && DirectorySource.IsName(name)
                    ? name
                    : new Fault.Invalid("file", "file must be the name of one file, without a path.");
            default:
                return "";
        }
    }

    private static Fault? Unready(ImageRow image, string method, StageRow? stage)
    {
        if (image.DiskFormat is null) return new Fault.Invalid("disk_format", "'disk_format' needs to be set before import");
        if (image.ContainerFormat is null) return new Fault.Invalid("container_format", "'container_format' needs to be set before import");
        if (ImageInspector.Uninspectable(image.DiskFormat) is { } refused) return refused;
        if (method == ImportMethods.Direct && (image.Status != ImageStatus.Uploading || stage is null))
        {
            return new Fault.Conflict("Image needs to be staged before 'glance-direct' method can be used");
        }

        return method == ImportMethods.Direct || image.Status == ImageStatus.Queued
            ? null
            : new Fault.Conflict($"Image needs to be in 'queued' state to use '{method}' method");
    }
}
