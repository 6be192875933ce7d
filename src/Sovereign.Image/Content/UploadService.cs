using Microsoft.Extensions.Logging;
using Sovereign.Image.Images;
using Sovereign.Image.Inspection;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Content;

/// <summary>From bytes to an active image: queued, saving, active; whatever goes wrong leads back to queued and leaves no bytes.</summary>
internal sealed class UploadService(KernelServices kernel, ContentStore store)
{
    /// <summary>Largest image, bytes.</summary>
    public const long BytesMax = 1L << 40;

    private static readonly TimeSpan idleMax = TimeSpan.FromSeconds(60);
    private readonly ILogger log = kernel.Log("image");

    public async Task<Outcome<Done>> Upload(AccessGrant access, string id, Stream source, long? announced, CancellationToken stop)
    {
        if (announced > BytesMax) return new Fault.TooLarge($"The image is larger than {BytesMax} bytes, the limit for images.");
        var uploadId = kernel.Ids.Uuid();
        var begun = await kernel.Queue.Write<ImageRow>("image.upload-begin", access.Origin, tx => Begin(tx, access, id, uploadId), stop);
        if (begun.Fault is { } refused) return refused;
        Outcome<Done> outcome = new Fault.Unavailable("The upload did not finish: the image was not stored.");
        try
        {
            outcome = await Store(access.Origin, begun.Value, uploadId, source, stop);
        }
        catch (IOException error)
        {
            log.LogError(error, "Storing image {Image} failed.", id);
            outcome = new Fault.Unavailable("The image could not be stored: the disk of the image service fails.");
        }
        finally
        {
            if (!outcome.Ok) await Abandon(access.Origin, id, uploadId);
        }

        return outcome;
    }

    /// <summary>Makes an active image of a local file, unless there is one of this name with this content.</summary>
    public async Task<Outcome<string>> Register(ImageRow wanted, string path, IReadOnlyDictionary<string, string> properties, CancellationToken stop)
    {
        var uploadId = kernel.Ids.Uuid();
        var image = wanted with { Id = kernel.Ids.Uuid(), Status = ImageStatus.Saving, UploadId = uploadId };
        var id = image.Id;
        try
        {
            await using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
            var received = await Receive(image, uploadId, source, stop);
            if (received.Fault is { } wrong) return wrong;
            var done = await Keep(Origin.System, image, uploadId, received.Value, (tx, content) =>
            {
                if (Registered(tx, image.Name!, content.Sha256) is { } there)
                {
                    id = there;
                    return Outcome.Of(false);
                }

                ImageStore.Insert(tx, image with { CreatedAt = tx.Now, UpdatedAt = tx.Now });
                if (ImageBooks.Shift(kernel.Quotas, tx, null, image).Fault is { } over) return over;
                ImageStore.SetProperties(tx, image.Id, properties);
                return true;
            }, stop);
            return done.Map(_ => id);
        }
        finally
        {
            store.DropUpload(uploadId);
        }
    }

    private async Task<Outcome<Done>> Store(Origin origin, ImageRow image, string uploadId, Stream source, CancellationToken stop)
    {
        var received = await Receive(image, uploadId, source, stop);
        return received.Fault is { } wrong ? wrong : await Keep(origin, image, uploadId, received.Value, (_, _) => true, CancellationToken.None);
    }

    /// <summary>Receives into a file of uploads and inspects it there.</summary>
    private async Task<Outcome<(ReceivedContent Content, long? VirtualSize)>> Receive(ImageRow image, string uploadId, Stream source, CancellationToken stop)
    {
        using var handle = store.CreateUpload(uploadId);
        var received = await ContentReceiver.Receive(source, handle, BytesMax, idleMax, stop);
        if (received.Fault is { } lost) return lost;
        return ImageInspector.InspectKept(image.DiskFormat!, handle, received.Value.Size).Map(virtualSize => (received.Value, virtualSize));
    }

    /// <summary>Moves the bytes to their place, then commits that the image has them: a crash between leaves a file that the next start removes.</summary>
    /// <param name="before">Runs first in the transaction; false: the bytes are not needed after all.</param>
    private async Task<Outcome<Done>> Keep(
        Origin origin, ImageRow image, string uploadId, (ReceivedContent Content, long? VirtualSize) received,
        Func<Tx, ReceivedContent, Outcome<bool>> before, CancellationToken stop)
    {
        var content = received.Content;
        var file = ContentStore.NameOf(content.Sha256, image.Id);
        store.Keep(uploadId, file);
        var kept = "";
        var finished = await kernel.Queue.Write<Done>(
            "image.upload-finish",
            origin,
            tx =>
            {
                kept = "";
                var needed = before(tx, content);
                if (needed.Fault is { } refused) return refused;
                if (!needed.Value) return Done.Value;
                kept = ContentRows.Take(tx, image.Owner, content.Sha256, content.Size, file);
                return Finish(tx, image, uploadId, content, received.VirtualSize, kept);
            },
            stop);
        if (!finished.Ok || kept != file) store.Remove(file);
        return finished;
    }

    private static string? Registered(Session session, string name, string digest) => session.Scalar<string>(
        "SELECT id FROM images WHERE name = @name AND digest = @digest AND visibility = 'public' AND status = 'active' ORDER BY created_at, id LIMIT 1", new { name, digest });

    private Outcome<ImageRow> Begin(Tx tx, AccessGrant access, string id, string uploadId)
    {
        var found = ImageLookup.Owned(tx, access, id, "upload data to");
        if (found.Fault is { } missing) return missing;
        var row = found.Value;
        if (row.DiskFormat is null || row.ContainerFormat is null)
        {
            return new Fault.Invalid("disk_format", "Properties disk_format, container_format must be set prior to saving data.");
        }

        if (ImageInspector.Uninspectable(row.DiskFormat) is { } refused) return refused;
        return ImageService.Move(kernel, tx, row, ImageStatus.Saving, uploadId);
    }

    private Outcome<Done> Finish(Tx tx, ImageRow image, string uploadId, ReceivedContent content, long? virtualSize, string file)
    {
        var filled = image with
        {
            Size = content.Size,
            VirtualSize = virtualSize,
            Checksum = content.Md5,
            OsHashValue = content.Sha512,
            Digest = content.Sha256,
            ContentFile = file,
        };
        if (!ImageStore.Fill(tx, filled, uploadId))
        {
            return new Fault.Gone($"Image {image.Id} could not be found after upload. The image may have been deleted during the upload.");
        }

        var now = ImageStore.Find(tx, image.Id)!;
        if (ImageBooks.Shift(kernel.Quotas, tx, image, now).Fault is { } over) return over;
        ImageService.Record(tx, ImageStore.Whole(tx, now), Change.Updated);
        return Done.Value;
    }

    private async Task Abandon(Origin origin, string id, string uploadId)
    {
        store.DropUpload(uploadId);
        // The client may be gone; the row must go back all the same.
        await kernel.Queue.Write<Done>("image.upload-abandon", origin, tx => Reset(tx, id, uploadId), CancellationToken.None);
    }

    /// <summary>Puts an image whose upload failed back to queued.</summary>
    public Outcome<Done> Reset(Tx tx, string id, string uploadId) =>
        ImageStore.Find(tx, id) is { Status: ImageStatus.Saving } row && row.UploadId == uploadId
            ? ImageService.Move(kernel, tx, row, ImageStatus.Queued, null).Map(_ => Done.Value)
            : Done.Value;
}
