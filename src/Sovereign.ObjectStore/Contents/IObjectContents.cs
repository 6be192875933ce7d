using Sovereign.Kernel.Outcomes;

namespace Sovereign.ObjectStore.Contents;

/// <summary>The driver of objects' bytes. A content is written once, under a name that is never used again, and does not change.</summary>
internal interface IObjectContents
{
    /// <summary>Makes the place ready; idempotent.</summary>
    void Prepare();

    /// <summary>Begins a content that nobody reads before it is kept.</summary>
    /// <exception cref="IOException">The place can't be written to.</exception>
    IContentDraft Create(string name);

    /// <summary>Gives a durable draft its place. What speaks of it is committed already, so that a crash before this leaves nothing lost: readers find drafts
    /// too.</summary>
    void Keep(string name);

    /// <summary>Bytes of a content, in order; the stream ends where the range does.</summary>
    /// <returns>Null when the content is not there.</returns>
    Stream? Open(string name, long offset, long length);

    /// <summary>Removes a content or a draft; nothing happens when there is none.</summary>
    void Remove(string name);

    /// <summary>Names of drafts: what a dead process was writing, and what it had committed and not yet kept.</summary>
    IReadOnlyList<string> Drafts();

    /// <summary>Names of all contents that are kept, in no order; for the verifier and the scrubber.</summary>
    IEnumerable<string> Names();
}

/// <summary>A content being written. Disposed before it is durable, it is gone.</summary>
internal interface IContentDraft : IDisposable
{
    ValueTask Write(ReadOnlyMemory<byte> bytes, CancellationToken stop);

    /// <summary>The bytes and the name are on disk when it returns.</summary>
    Task Flush(CancellationToken stop);
}

internal static class ContentFaults
{
    /// <summary>Errno of a full disk or quota, as the runtime gives them on Linux.</summary>
    private static readonly int[] diskFull = [28, 122];

    public static bool IsDiskFull(this IOException error) => Array.IndexOf(diskFull, error.HResult & 0xFFFF) >= 0;

    public static Fault DiskFull => new Fault.Unavailable("There is no space left where objects are stored: the object was not stored. The operator must add space.");
}
