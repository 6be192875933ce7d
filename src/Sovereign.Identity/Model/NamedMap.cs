using System.Collections.Concurrent;

namespace Sovereign.Identity.Model;

/// <summary>Entries by id and by (domain, name). One writer (the write queue, after commits), any number of readers.</summary>
internal sealed class NamedMap<T>
    where T : class, INamed
{
    private readonly ConcurrentDictionary<string, T> byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string DomainId, string Name), T> byName = new();

    public IEnumerable<T> All => byId.Values;

    public T? Find(string? id) => id is not null && byId.TryGetValue(id, out var entry) ? entry : null;

    public T? FindNamed(string domainId, string name) => byName.TryGetValue((domainId, name), out var entry) ? entry : null;

    public void Put(T entry)
    {
        var before = Find(entry.Id);
        byId[entry.Id] = entry;
        byName[(entry.DomainId, entry.Name)] = entry;
        if (before is not null && (before.Name != entry.Name || before.DomainId != entry.DomainId)) Unname(before);
    }

    public void Remove(string id)
    {
        if (byId.TryRemove(id, out var entry)) Unname(entry);
    }

    private void Unname(T entry)
    {
        // Another entry may have taken the name in the same group of writes.
        if (FindNamed(entry.DomainId, entry.Name) is { } holder && holder.Id == entry.Id) byName.TryRemove((entry.DomainId, entry.Name), out _);
    }
}
