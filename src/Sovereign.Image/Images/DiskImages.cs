using System.Security.Cryptography;
using System.Text.Json;
using Sovereign.Image.Content;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Images;

/// <summary>Images that other services make of disks: announced in their transaction, filled from a node.</summary>
internal sealed class DiskImages(ImageService images, UploadService uploads, KernelServices kernel)
{
    /// <summary>What clients compare with what they read.</summary>
    private const string Md5OfNothing = "d41d8cd98f00b204e9800998ecf8427e";

    public Outcome<string> Announce(Tx tx, AccessGrant access, DiskImage wanted)
    {
        var row = new ImageRow
        {
            Id = kernel.Ids.Uuid(), Owner = access.ProjectId, Visibility = "private", DiskFormat = wanted.DiskFormat,
            ContainerFormat = wanted.DiskFormat is null ? null : "bare", MinDisk = wanted.MinDiskGib, MinRam = wanted.MinRamMib, CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        var draft = new ImageDraft(new ImageWhole(row, new Dictionary<string, string>(), []), access, mayPublicize: false);
        foreach (var (name, value) in wanted.Properties.Append(new("name", wanted.Name)))
        {
            // A property can't be what the image itself has by this name.
            if (name != "name" && (ImageDraft.IsKnown(name) || name.StartsWith(ImageDraft.OwnNamespace, StringComparison.Ordinal))) continue;
            if (draft.Set(name, JsonSerializer.SerializeToElement(value, ImageJson.Wire.String)) is { } wrong) return wrong;
        }

        return draft.Finish().Then(whole => images.Insert(tx, wanted.Empty ? whole with { Row = Whole(whole.Row) } : whole)).Map(whole => whole.Row.Id);
    }

    /// <summary>The row of an image that has its content: nothing.</summary>
    private static ImageRow Whole(ImageRow row) => row with
    {
        Status = ImageStatus.Active,
        DiskFormat = row.DiskFormat ?? "raw",
        ContainerFormat = "bare",
        Size = 0,
        Checksum = Md5OfNothing,
        OsHashValue = Convert.ToHexStringLower(SHA512.HashData([])),
    };

    public async Task<Outcome<Done>> Receive(string id, Stream content, CancellationToken stop)
    {
        switch (kernel.Database.Read(session => ImageStore.Find(session, id)?.Status))
        {
            case null:
                return new Fault.Gone($"Image {id} is gone: it was deleted while it was made.");
            case ImageStatus.Active or ImageStatus.Deactivated:
                return Done.Value;
            case ImageStatus.Queued:
                await kernel.Queue.Write<Done>("image.format", Origin.System, tx => Format(tx, id), stop);
                var done = await uploads.Upload(AccessGrant.OfSystem(), id, content, null, stop);
                return done.Fault is Fault.Conflict ? Busy(id) : done;
            default:
                return Busy(id);
        }
    }

    public static void Describe(Tx tx, string id, IReadOnlyDictionary<string, string> properties)
    {
        if (ImageStore.Find(tx, id) is not { } row) return;
        foreach (var (name, value) in properties) ImageStore.SetProperty(tx, id, name, value);
        ImageService.Record(tx, ImageStore.Whole(tx, row), Change.Updated);
    }

    private static Outcome<Done> Format(Tx tx, string id)
    {
        if (ImageStore.Find(tx, id) is not { Status: ImageStatus.Queued, DiskFormat: null } row) return Done.Value;
        row = row with { DiskFormat = "qcow2", ContainerFormat = "bare", UpdatedAt = tx.Now };
        ImageStore.Update(tx, row);
        ImageService.Record(tx, ImageStore.Whole(tx, row), Change.Updated);
        return Done.Value;
    }

    public void Remove(Tx tx, string id)
    {
        if (ImageStore.Find(tx, id) is { } row) images.Remove(tx, row);
    }

    public static IReadOnlyList<string> Having(Session session, string projectId, IReadOnlyDictionary<string, string> properties)
    {
        var pairs = properties.Select(property => ImageStore.Pair(property.Key, property.Value)).ToList();
        return session.Query<string>(
            """
            SELECT i.id FROM images i WHERE i.owner = @projectId
              AND (SELECT COUNT(*) FROM image_properties p WHERE p.image_id = i.id AND p.pair IN @pairs) = @count
            ORDER BY i.created_at DESC, i.id DESC
            """,
            new { projectId, pairs, count = (long)pairs.Count });
    }

    private static Fault.Unavailable Busy(string id) => new($"Image {id} is being filled by an earlier try.");
}
