using System.Text.Json;
using Sovereign.Image.Content;
using Sovereign.Image.Tasks;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Images;

internal sealed class ImageService(KernelServices kernel)
{
    public Outcome<ImageWhole> Show(AccessGrant access, string id) => kernel.Database.Read(session =>
        ImageLookup.Visible(session, access, id).Map(row => ImageStore.Whole(session, row)));

    public Task<Outcome<ImageWhole>> Create(AccessGrant access, Dictionary<string, JsonElement> body, CancellationToken stop)
    {
        var id = kernel.Ids.Uuid();
        if (body.Remove("id", out var given))
        {
            if (given.ValueKind != JsonValueKind.String || !Guid.TryParseExact(JsonText.Read(given), "D", out var own))
            {
                return Refused(new Fault.Invalid("id", "Provided object does not match schema 'image': id is not a UUID."));
            }

            id = own.ToString("D");
        }

        var draft = new ImageDraft(
            new ImageWhole(new ImageRow { Id = id, Owner = access.Caller.ProjectId ?? "" }, new Dictionary<string, string>(), []), access, MayPublicize(access));
        foreach (var (name, value) in body)
        {
            if (draft.Set(name, value) is { } wrong) return Refused(wrong);
        }

        var finished = draft.Finish();
        if (finished.Fault is { } tooMuch) return Refused(tooMuch);
        var row = finished.Value.Row;
        if (row.Owner.Length == 0) return Refused(new Fault.Forbidden("An image needs an owner: the scope of this token is no project."));
        return kernel.Queue.Write<ImageWhole>(
            "image.create",
            access.Origin,
            tx =>
            {
                var image = finished.Value with { Row = row with { CreatedAt = tx.Now, UpdatedAt = tx.Now } };
                return Insert(tx, image);
            },
            stop);
    }

    /// <summary>A new image: rows, books, journal.</summary>
    public Outcome<ImageWhole> Insert(Tx tx, ImageWhole image)
    {
        if (!ImageStore.Insert(tx, image.Row)) return new Fault.Conflict($"Image ID {image.Row.Id} already exists!");
        if (ImageBooks.Shift(kernel.Quotas, tx, null, image.Row).Fault is { } over) return over;
        ImageStore.SetProperties(tx, image.Row.Id, image.Properties);
        ImageStore.SetTags(tx, image.Row.Id, image.Tags);
        Record(tx, image, Kernel.Journal.Change.Created);
        return image;
    }

    /// <summary>Moves an image to another status: row, books, journal. A conflict when it may not, or another was first.</summary>
    public static Outcome<ImageRow> Move(KernelServices kernel, Tx tx, ImageRow row, string to, string? uploadId)
    {
        if (!ImageStatus.Move(row.Status, to).Ok || !ImageStore.Move(tx, row.Id, row.Status, to, uploadId))
        {
            return new Fault.Conflict($"Image status transition from {row.Status} to {to} is not allowed");
        }

        var moved = ImageStore.Find(tx, row.Id)!;
        if (ImageBooks.Shift(kernel.Quotas, tx, row, moved).Fault is { } over) return over;
        Record(tx, ImageStore.Whole(tx, moved), Kernel.Journal.Change.Updated);
        return moved;
    }

    public Task<Outcome<ImageWhole>> Patch(AccessGrant access, string id, IReadOnlyList<PatchChange> changes, CancellationToken stop) =>
        Change(access, id, "modify", before =>
        {
            var draft = new ImageDraft(before, access, MayPublicize(access));
            foreach (var change in changes)
            {
                if (ImagePatch.Apply(draft, change) is { } wrong) return wrong;
            }

            return draft.Finish();
        }, stop);

    public Task<Outcome<ImageWhole>> Tag(AccessGrant access, string id, string tag, bool present, CancellationToken stop) =>
        Change(access, id, "modify tags of", before =>
        {
            if (!present && !before.Tags.Contains(tag)) return new Fault.NotFound("tag", tag) { Message = "No tag found with name: " + tag };
            var draft = new ImageDraft(before, access, mayPublicize: false);
            var tags = present ? before.Tags.Append(tag).Distinct() : before.Tags.Where(t => t != tag);
            return draft.Set("tags", JsonSerializer.SerializeToElement(tags.ToList(), ImageJson.Wire.ListString)) is { } wrong ? wrong : draft.Finish();
        }, stop);

    /// <summary>Deactivated images keep their bytes and give them to nobody but administrators.</summary>
    public Task<Outcome<Done>> Move(AccessGrant access, string id, string to, CancellationToken stop) => kernel.Queue.Write<Done>(
        "image.move",
        access.Origin,
        tx =>
        {
            var found = ImageLookup.Owned(tx, access, id, to == ImageStatus.Active ? "reactivate" : "deactivate");
            if (found.Fault is { } missing) return missing;
            var row = found.Value;
            if (row.Status == to) return Done.Value;
            if (row.Status is not (ImageStatus.Active or ImageStatus.Deactivated))
            {
                return new Fault.Forbidden($"Not allowed to {(to == ImageStatus.Active ? "reactivate" : "deactivate")} image in status '{row.Status}'");
            }

            return Move(kernel, tx, row, to, null).Map(_ => Done.Value);
        },
        stop);

    /// <summary>The image is gone with the answer; its bytes go by due work.</summary>
    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "image.delete",
        access.Origin,
        tx =>
        {
            var found = ImageLookup.Owned(tx, access, id, "delete");
            if (found.Fault is { } missing) return missing;
            var row = found.Value;
            if (row.Protected) return new Fault.Forbidden($"Image {id} is protected and cannot be deleted.");
            Remove(tx, row);
            return Done.Value;
        },
        stop);

    /// <summary>Takes an image out of rows and books; bytes, and work under way, go after the commit.</summary>
    public void Remove(Tx tx, ImageRow row)
    {
        var whole = ImageStore.Whole(tx, row);
        ImageStore.Delete(tx, row.Id);
        ImageBooks.Shift(kernel.Quotas, tx, row, null);
        if (row.ContentFile is { } file) ContentRows.Drop(tx, file, row.Id);
        tx.Due(ImageRow.Kind, row.Id);
        foreach (var task in TaskStore.Unfinished(tx, row.Id)) tx.Due(TaskRow.Kind, task);
        Record(tx, whole, Kernel.Journal.Change.Deleted);
    }

    public static void Record(Tx tx, ImageWhole image, Change change) =>
        tx.Record(ImageRow.Kind, image.Row.Id, image.Row.Owner, change, ImageView.From(image), ImageJson.Wire.ImageView);

    /// <summary>Changes an image of the caller's by a function of what it was.</summary>
    public Task<Outcome<ImageWhole>> Change(
        AccessGrant access, string id, string what, Func<ImageWhole, Outcome<ImageWhole>> body, CancellationToken stop) => kernel.Queue.Write<ImageWhole>(
        "image.update",
        access.Origin,
        tx =>
        {
            var found = ImageLookup.Owned(tx, access, id, what);
            if (found.Fault is { } missing) return missing;
            var before = ImageStore.Whole(tx, found.Value);
            var changed = body(before);
            if (changed.Fault is { } wrong) return wrong;
            var after = changed.Value with { Row = changed.Value.Row with { UpdatedAt = tx.Now } };
            ImageStore.Update(tx, after.Row);
            if (ImageBooks.Shift(kernel.Quotas, tx, before.Row, after.Row).Fault is { } over) return over;
            if (!ReferenceEquals(after.Properties, before.Properties)) ImageStore.SetProperties(tx, id, after.Properties);
            if (!ReferenceEquals(after.Tags, before.Tags)) ImageStore.SetTags(tx, id, after.Tags);
            Record(tx, after, Kernel.Journal.Change.Updated);
            return after;
        },
        stop);

    private bool MayPublicize(AccessGrant access) => kernel.Policy[ImageAccess.Publicize].Evaluate(access.Caller) != Reach.None;

    private static Task<Outcome<ImageWhole>> Refused(Fault fault) => Task.FromResult<Outcome<ImageWhole>>(fault);
}
