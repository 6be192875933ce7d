using Microsoft.Extensions.Logging;
using Sovereign.Image.Content;
using Sovereign.Image.Images;
using Sovereign.Image.Inspection;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Imports;

/// <summary>Takes bytes for a later import: queued, uploading. What goes wrong leads back to queued and leaves no bytes.</summary>
internal sealed class StageService(KernelServices kernel, ContentStore store)
{
    private static readonly TimeSpan idleMax = TimeSpan.FromSeconds(60);
    private readonly ILogger log = kernel.Log("image");

    public async Task<Outcome<Done>> Stage(AccessGrant access, string id, Stream source, long? announced, CancellationToken stop)
    {
        if (announced > UploadService.BytesMax) return new Fault.TooLarge($"The image is larger than {UploadService.BytesMax} bytes, the limit for images.");
        var stage = kernel.Ids.Uuid();
        var begun = await kernel.Queue.Write<ImageRow>("image.stage-begin", access.Origin, tx => Begin(tx, access, id, stage), stop);
        if (begun.Fault is { } refused) return refused;
        Outcome<Done> outcome = new Fault.Unavailable("The upload did not finish: nothing was staged.");
        try
        {
            outcome = await Take(access.Origin, begun.Value, stage, source, stop);
        }
        catch (IOException error)
        {
            log.LogError(error, "Staging for image {Image} failed.", id);
            outcome = new Fault.Unavailable("The image could not be staged: the disk of the image service fails.");
        }
        finally
        {
            if (!outcome.Ok) await Abandon(access.Origin, id, stage);
        }

        return outcome;
    }

    /// <summary>Puts an image whose staging failed back to queued.</summary>
    public Outcome<Done> Reset(Tx tx, string id, string? stage) =>
        ImageStore.Find(tx, id) is { Status: ImageStatus.Uploading } row && (stage is null || row.UploadId == stage) && StageStore.Find(tx, id) is null
            ? ImageService.Move(kernel, tx, row, ImageStatus.Queued, null).Map(_ => Done.Value)
            : Done.Value;

    private Outcome<ImageRow> Begin(Tx tx, AccessGrant access, string id, string stage) =>
        ImageLookup.Owned(tx, access, id, "upload data to").Then(row => row.DiskFormat is { } format && ImageInspector.Uninspectable(format) is { } refused
            ? refused
            : ImageService.Move(kernel, tx, row, ImageStatus.Uploading, stage));

    private async Task<Outcome<Done>> Take(Origin origin, ImageRow image, string stage, Stream source, CancellationToken stop)
    {
        Outcome<ReceivedContent> received;
        using (var handle = store.OpenStage(stage)) received = await ContentReceiver.Receive(source, handle, UploadService.BytesMax, idleMax, stop);
        if (received.Fault is { } lost) return lost;
        var content = received.Value;
        return await kernel.Queue.Write<Done>(
            "image.stage-finish",
            origin,
            tx => ImageStore.Find(tx, image.Id) is { Status: ImageStatus.Uploading } now && now.UploadId == stage
                ? StageStore.Insert(kernel.Quotas, tx, new StageRow
                {
                    ImageId = image.Id, Owner = now.Owner, File = stage, Size = content.Size, Md5 = content.Md5, Sha256 = content.Sha256, Sha512 = content.Sha512,
                })
                : new Fault.Gone($"Image {image.Id} could not be found after upload. The image may have been deleted during the upload."),
            CancellationToken.None);
    }

    private async Task Abandon(Origin origin, string id, string stage)
    {
        store.DropStage(stage);
        // The client may be gone; the row must go back all the same.
        await kernel.Queue.Write<Done>("image.stage-abandon", origin, tx => Reset(tx, id, stage), CancellationToken.None);
    }
}
