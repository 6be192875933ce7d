using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Images;

/// <summary>Images as compute's old routes need them.</summary>
internal sealed class ImagesForCompute(KernelServices kernel, ImageService images) : IImageCatalog
{
    public static ImageInfo Info(ImageWhole image)
    {
        var row = image.Row;
        return new ImageInfo(
            row.Id, row.Name ?? "", row.Owner, row.Status, row.Visibility, row.DiskFormat ?? "", row.Digest, row.Size ?? 0, row.VirtualSize ?? 0, (int)row.MinDisk,
            (int)row.MinRam, image.Properties)
        {
            Checksum = row.Checksum,
        };
    }

    public Outcome<ImageRecord> Show(AccessGrant access, string id) => images.Show(access, id).Map(Record);

    public Outcome<(IReadOnlyList<ImageRecord> Images, bool More)> List(AccessGrant access, ImageNarrowing narrowing, string? marker, int limit)
    {
        var request = ImageQuery.Visible(access, marker, limit);
        if (narrowing.Name is { } name) request.Where("i.name = @value", name);
        if (narrowing.Status is { } status) request.Where("i.status = @value", status);
        if (narrowing.ChangedSince is { } since) request.Where("i.updated_at >= @value", since);
        if (narrowing.MinDiskGib is { } disk) request.Where("i.min_disk = @value", disk);
        if (narrowing.MinRamMib is { } ram) request.Where("i.min_ram = @value", ram);
        foreach (var (key, value) in narrowing.Properties) ImageQuery.Having(request, key, value);
        return kernel.Database.Read(session => ListSql.Page<ImageRow>(session, request, "i.*").Map(page =>
            ((IReadOnlyList<ImageRecord>)ImageStore.Whole(session, page.Items).ConvertAll(Record), page.More)));
    }

    public async Task<Outcome<ImageRecord>> SetProperties(
        AccessGrant access, string id, Func<IReadOnlyDictionary<string, string>, Outcome<IReadOnlyDictionary<string, string>>> change, CancellationToken stop)
    {
        var changed = await images.Change(access, id, "modify", before =>
        {
            var wanted = change(before.Properties);
            if (wanted.Fault is { } refused) return refused;
            var draft = new ImageDraft(before, access, mayPublicize: false);
            foreach (var gone in before.Properties.Keys.Where(key => !wanted.Value.ContainsKey(key)))
            {
                if (gone.StartsWith(ImageDraft.OwnNamespace, StringComparison.Ordinal)) continue;
                if (draft.Remove(gone) is { } kept) return kept;
            }

            foreach (var (key, value) in wanted.Value.Where(pair => before.Properties.GetValueOrDefault(pair.Key) != pair.Value))
            {
                if (ImageDraft.IsKnown(key)) return new Fault.Forbidden($"Attribute '{key}' is the image's own: it is no metadata.");
                if (draft.Set(key, JsonSerializer.SerializeToElement(value, ImageJson.Wire.String)) is { } wrong) return wrong;
            }

            return draft.Finish();
        }, stop);
        return changed.Map(Record);
    }

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) => images.Delete(access, id, stop);

    private static ImageRecord Record(ImageWhole image) => new(Info(image), image.Row.Size, image.Row.CreatedAt, image.Row.UpdatedAt);
}
