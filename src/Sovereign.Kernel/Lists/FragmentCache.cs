using System.Collections.Concurrent;

namespace Sovereign.Kernel.Lists;

/// <summary>Rendered UTF-8 pieces of hot lists by (id, revision, view). A new revision is a new key, so nothing is ever stale; old ones fall out.</summary>
public sealed class FragmentCache(int bytesMax = 32 * 1024 * 1024)
{
    private readonly ConcurrentDictionary<(string Id, long Revision, long View), byte[]> fragments = new();
    private long bytes;

    /// <param name="view">Microversion and what of the resource the caller's rule shows, folded into a number by the service.</param>
    public bool TryGet(string id, long revision, long view, out byte[] fragment) => fragments.TryGetValue((id, revision, view), out fragment!);

    public void Add(string id, long revision, long view, byte[] fragment)
    {
        // Dropping everything at the bound is simple and costs one slow page; revisions replace each other anyway.
        if (Interlocked.Add(ref bytes, fragment.Length) > bytesMax)
        {
            fragments.Clear();
            Interlocked.Exchange(ref bytes, fragment.Length);
        }

        fragments[(id, revision, view)] = fragment;
    }
}
