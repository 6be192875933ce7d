using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.Settings;
using Sovereign.ObjectStore.Uploads;

namespace Sovereign.ObjectStore.Lifecycle;

/// <summary>Ends what the lifecycle rules of buckets say has lived long enough: objects, old versions, lonely markers, uploads that nobody completed. Goes through a
/// bucket page by
/// page, each thing an operation of its own that looks again at what it deletes.</summary>
internal sealed class LifecycleWork(KernelServices kernel, ObjectBooks books) : IPeriodic
{
    private const int PageItems = 500;

    public string Name => "object-lifecycle";

    public TimeSpan Every { get; } = TimeSpan.FromMinutes(10);

    public async Task<string> Run(CancellationToken stop)
    {
        var ended = 0;
        foreach (var number in kernel.Database.Read(session => BucketStore.Having(session, SettingNames.Lifecycle)))
        {
            var (bucket, document) = kernel.Database.Read(session => (BucketStore.Find(session, number), BucketStore.Setting(session, number, SettingNames.Lifecycle)));
            if (bucket is null || document is null) continue;
            var rules = LifecycleRules.Of(document).Where(rule => rule.Enabled).ToList();
            ended += await Objects(bucket, rules, stop) + await Uploads(bucket, rules, stop);
        }

        return $"ended {ended} objects, versions and uploads";
    }

    private async Task<int> Objects(Bucket bucket, List<LifecycleRule> rules, CancellationToken stop)
    {
        var (ended, after, afterVersion, noncurrent) = (0, "", (long?)null, 0);
        var name = "";
        var newerAt = 0L;
        while (true)
        {
            var wish = new ListingWish("", "", after, PageItems) { AfterVersion = afterVersion };
            var page = kernel.Database.Read(session => ObjectListing.Versions(session, bucket.Number, wish));
            foreach (var item in page.Items)
            {
                if (item.Name != name) (name, noncurrent, newerAt) = (item.Name, 0, 0);
                if (!item.Latest) noncurrent++;
                if (await End(bucket, item, rules, noncurrent, newerAt, stop)) ended++;
                newerAt = item.ModifiedAt;
            }

            if (page.Last is null) return ended;
            (after, afterVersion) = (page.Last, page.LastVersion);
        }
    }

    /// <param name="noncurrent">The how-manieth version it is that is not current; 0 for the current one.</param>
    /// <param name="newerAt">When it ceased to be current, microseconds UTC.</param>
    private async Task<bool> End(Bucket bucket, ListedObject item, List<LifecycleRule> rules, int noncurrent, long newerAt, CancellationToken stop)
    {
        var now = kernel.Clock.Now();
        var tags = rules.Exists(rule => rule.Tags.Count > 0) ? kernel.Database.Read(session =>
            ObjectRows.Find(session, bucket.Number, item.Name, item.VersionId))?.Tags : null;
        var covering = rules.Where(rule => rule.Covers(item.Name, item.Size, tags)).ToList();
        if (noncurrent > 0)
        {
            return covering.Exists(rule => rule.NoncurrentDays is { } days && noncurrent > rule.NewerNoncurrent && LifecycleRule.DaysAfter(newerAt, days) <= now)
                && await Write(tx => books.DeleteVersion(tx, bucket.Number, item.Name, item.VersionId, row => row.Latest ? new Fault.Conflict("It is current again.")
                    : ObjectLocks.Refusal(row, tx.Now)));
        }

        if (item.Marker)
        {
            return covering.Exists(rule => rule.ExpiresMarkers || rule.ExpiresCurrent(item.ModifiedAt, now))
                && await Write(tx => books.DeleteLonelyMarker(tx, bucket.Number, item.Name, item.VersionId));
        }

        return covering.Exists(rule => rule.ExpiresCurrent(item.ModifiedAt, now)) && await Write(tx =>
            ObjectRows.Latest(tx, bucket.Number, item.Name) is { } row && row.VersionId == item.VersionId && row.Version == item.Version
                ? books.Delete(tx, bucket.Number, item.Name, "lifecycle") : new Fault.Conflict("It was written again."));

        async Task<bool> Write(Func<Tx, Outcome<Deletion>> body) => (await kernel.Queue.Write("object.expire", Origin.System, body, stop)).Ok;
    }

    private async Task<int> Uploads(Bucket bucket, List<LifecycleRule> rules, CancellationToken stop)
    {
        var ended = 0;
        if (!rules.Exists(rule => rule.AbortDays is not null)) return 0;
        foreach (var upload in kernel.Database.Read(session => ObjectRows.UploadsOf(session, bucket.Number)))
        {
            var isOver = rules.Exists(rule => rule.AbortDays is { } days && rule.Covers(upload.Name, 0, upload.Tags)
                && LifecycleRule.DaysAfter(upload.BegunAt, days) <= kernel.Clock.Now());
            if (isOver && (await kernel.Queue.Write<Done>("object.upload-abort", Origin.System, tx => UploadBooks.Drop(kernel, tx, upload, bucket), stop)).Ok) ended++;
        }

        return ended;
    }
}
