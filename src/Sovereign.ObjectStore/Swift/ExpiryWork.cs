using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Objects;

namespace Sovereign.ObjectStore.Swift;

/// <summary>Removes objects whose own time has come ("X-Delete-At"). Until it comes by they can't be read already.</summary>
internal sealed class ExpiryWork(KernelServices kernel, ObjectBooks books) : IPeriodic
{
    private const int PageItems = 500;

    public string Name => "object-expiry";

    public TimeSpan Every { get; } = TimeSpan.FromSeconds(10);

    public async Task<string> Run(CancellationToken stop)
    {
        var gone = 0;
        while (true)
        {
            var due = kernel.Database.Read(session => session.Query<Expiring>(
                "SELECT bucket, name, version FROM object_expiry WHERE at <= @now ORDER BY at LIMIT @PageItems", new { now = kernel.Clock.Now(), PageItems }));
            foreach (var one in due)
            {
                await kernel.Queue.Write<Done>("object.expire", Origin.System, tx => End(tx, one), stop);
                gone++;
            }

            if (due.Count < PageItems) return $"removed {gone} objects";
        }
    }

    private Outcome<Done> End(Tx tx, Expiring one)
    {
        tx.Execute("DELETE FROM object_expiry WHERE bucket = @Bucket AND name = @Name AND version = @Version", one);
        if (BucketStore.Find(tx, one.Bucket) is not { } bucket || ObjectRows.Latest(tx, one.Bucket, one.Name) is not { } row) return Done.Value;
        // Only what is still the version that was to end.
        if (row.Version != one.Version || !SwiftBooks.IsExpired(row, tx.Now)) return Done.Value;
        return books.Delete(tx, bucket.Number, one.Name, row.OwnerId).Map(_ => Done.Value);
    }

    private sealed record Expiring
    {
        public long Bucket { get; init; }

        public string Name { get; init; } = "";

        public long Version { get; init; }
    }
}
