using Sovereign.Kernel.Store;

namespace Sovereign.ObjectStore.Contents;

/// <summary>Makes new names of a directory durable, once for all that wait: who comes while a flush runs needs the next one, and shares it.</summary>
internal sealed class SharedFlush(string directory)
{
    private readonly Lock turn = new();
    private long asked;
    private long done;

    /// <summary>What was named before this call is on disk when it returns.</summary>
    /// <exception cref="IOException">The directory can't be flushed.</exception>
    public void Flush()
    {
        var mine = Interlocked.Increment(ref asked);
        lock (turn)
        {
            if (done >= mine) return;
            var covers = Interlocked.Read(ref asked);
            DirectorySync.Flush(directory);
            done = covers;
        }
    }
}
