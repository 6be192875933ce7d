using Sovereign.Node.Contract;

namespace Sovereign.Node.Agent;

/// <summary>One thing of the manifest, what is known of it, and its place in the work.</summary>
internal sealed class Entry(StoredItem stored)
{
    public StoredItem Stored { get; set; } = stored;

    public ManifestItem Item => Stored.Item;

    public string Key => Item.Kind + "/" + Item.Id;

    /// <summary>What was last seen; null before anything was.</summary>
    public ItemReport? Observed { get; set; }

    public bool Dirty { get; set; }

    public bool Working { get; set; }

    public int Failures { get; set; }

    /// <summary>When a soft shutdown's patience ends.</summary>
    public DateTimeOffset? PowerOffAt { get; set; }

    /// <summary>Since when the guest keeps a volume that should go.</summary>
    public DateTimeOffset? HeldSince { get; set; }

    /// <summary>True: another incarnation of the journal named it and this one does not; nobody touches it.</summary>
    public bool Aside { get; set; }
}

/// <summary>How a step went: an observation, or the key of the thing that it waits for (null: a timer or an event brings it
/// back).</summary>
internal sealed record StepResult(ItemReport? Report, string? WaitsFor)
{
    /// <summary>When to look again in any case; null: when something changes.</summary>
    public TimeSpan? Again { get; init; }

    public static StepResult Seen(Entry entry, ItemState state, int reboots = 0) =>
        new(new ItemReport(entry.Item.Kind, entry.Item.Id, entry.Item.Version, state, null, reboots), null);

    public static StepResult Wait(string? key) => new(null, key);
}

/// <summary>All entries, and who waits for whom.</summary>
internal sealed class ItemTable
{
    private readonly Dictionary<string, Entry> entries = [];
    private readonly Dictionary<string, HashSet<string>> waiters = [];

    public IEnumerable<Entry> All => entries.Values;

    public static string Key(string kind, string id) => kind + "/" + id;

    public Entry? Find(string kind, string id) => entries.GetValueOrDefault(Key(kind, id));

    public Entry? Find(string key) => entries.GetValueOrDefault(key);

    public Entry Put(StoredItem stored)
    {
        var key = Key(stored.Item.Kind, stored.Item.Id);
        if (entries.TryGetValue(key, out var entry)) entry.Stored = stored;
        else entries[key] = entry = new Entry(stored);
        return entry;
    }

    public void Remove(Entry entry) => entries.Remove(entry.Key);

    public void Waits(Entry entry, string key)
    {
        if (!waiters.TryGetValue(key, out var set)) waiters[key] = set = [];
        set.Add(entry.Key);
    }

    public IReadOnlyList<Entry> TakeWaiters(string key) =>
        waiters.Remove(key, out var keys) ? [.. keys.Select(k => entries.GetValueOrDefault(k)).OfType<Entry>()] : [];

    /// <summary>What takes a domain to another node.</summary>
    public Entry? DepartureOf(string domainId) => entries.Values.FirstOrDefault(e => e.Item.Departure?.DomainId == domainId);

    /// <summary>Something that is still on the machine and stands on the network.</summary>
    public Entry? UserOfNetwork(string networkId) => entries.Values.FirstOrDefault(e => Present(e) &&
        (e.Stored.Spec.Port?.NetworkId == networkId || e.Stored.Spec.Router is { } router && NetworksOf(router).Contains(networkId)));

    public Entry? UserOfGroup(string groupId) => entries.Values.FirstOrDefault(e => Present(e)
        && e.Stored.Spec.Port?.GroupIds.Contains(groupId) == true);

    /// <summary>A snapshot of the volume that is still there, or a domain that is to have it.</summary>
    public Entry? UserOfVolume(string volumeId) => entries.Values.FirstOrDefault(e =>
        (e.Item.Kind == ItemKinds.VolumeSnapshot && Present(e) && e.Stored.Spec.VolumeSnapshot?.VolumeId == volumeId)
        || e.Item.Domain?.Volumes.Any(disk => disk.VolumeId == volumeId) == true);

    public static IEnumerable<string> NetworksOf(RouterSpec router) =>
        router.Interfaces.Select(i => i.NetworkId).Concat(router.Gateway is { } gateway ? [gateway.NetworkId] : []).Distinct();

    private static bool Present(Entry entry) => entry.Observed is null || entry.Observed.State != ItemState.Absent;
}

/// <summary>How many may work at once. Unlike a semaphore it never leaves the agent's context.</summary>
internal sealed class Slots(int free)
{
    private readonly Queue<TaskCompletionSource> waiting = new();
    private int left = free;

    public async Task Enter(CancellationToken stop)
    {
        if (left > 0)
        {
            left--;
            return;
        }
        var turn = new TaskCompletionSource();
        waiting.Enqueue(turn);
        await turn.Task.WaitAsync(stop);
        await Task.Yield();   // not inside the one that leaves
    }

    public void Leave()
    {
        if (waiting.TryDequeue(out var turn)) turn.SetResult();
        else left++;
    }
}
