using System.Collections.Concurrent;

namespace Sovereign.Kernel.Lists;

/// <summary>A rendered resource.</summary>
/// <param name="Id">What a link to the next page names it by.</param>
public sealed record Fragment(string Id, byte[] Bytes);

/// <summary>Rendered UTF-8 pieces of hot lists by (number, revision, view). A new revision is a new key, so nothing is ever stale; old ones fall out.</summary>
public sealed class FragmentCache(int bytesMax = 32 * 1024 * 1024)
{
    private readonly ConcurrentDictionary<(long Number, long Revision, long View), Fragment> fragments = new();
    private long bytes;

    /// <param name="number">The resource's number in this cloud, given once: read and compared in a fraction of the time of an id of 36 characters.</param>
    /// <param name="view">Microversion and what of the resource the caller's rule shows, folded into a number by the service.</param>
    public Fragment? Find(long number, long revision, long view) => fragments.GetValueOrDefault((number, revision, view));

    public void Add(long number, long revision, long view, Fragment fragment)
    {
        // Dropping everything at the bound is simple and costs one slow page; revisions replace each other anyway.
        if (Interlocked.Add(ref bytes, fragment.Bytes.Length) > bytesMax)
        {
            fragments.Clear();
            Interlocked.Exchange(ref bytes, fragment.Bytes.Length);
        }

        fragments[(number, revision, view)] = fragment;
    }
}
