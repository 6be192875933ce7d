namespace Sovereign.Volume.Backups.Keeping;

/// <summary>Where the bytes of backups are kept, apart from the volumes. Every call is one idempotent effect.</summary>
internal interface IBackupStore
{
    /// <summary>What exported records call it: they are read by the same kind alone.</summary>
    string Name { get; }

    /// <summary>Makes it ready, and removes what a dead process left half-written.</summary>
    Task Prepare(CancellationToken stop);

    /// <summary>Keeps what is written, under this name, in place of what was there. It is durable when this returns; when it throws, nothing of it stays.</summary>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="BackupStoreException">The store is full or gone.</exception>
    Task<long> Put(string name, Func<Stream, CancellationToken, Task> write, CancellationToken stop);

    /// <summary>How many bytes are kept under this name; null: none.</summary>
    /// <exception cref="BackupStoreException">The store is gone.</exception>
    Task<long?> Size(string name, CancellationToken stop);

    /// <summary>Reads from an offset to the end.</summary>
    /// <exception cref="BackupStoreException">The store or the bytes are gone.</exception>
    Task<Stream> Open(string name, long offset, CancellationToken stop);

    /// <summary>Absent is success.</summary>
    /// <exception cref="BackupStoreException">The store is gone.</exception>
    Task Remove(string name, CancellationToken stop);

    /// <summary>Names of all that is kept.</summary>
    Task<IReadOnlyList<string>> List(CancellationToken stop);
}

/// <summary>The store can't do it; the message says what the operator can do.</summary>
internal sealed class BackupStoreException : Exception
{
    public BackupStoreException() { }

    public BackupStoreException(string message) : base(message) { }

    public BackupStoreException(string message, Exception cause) : base(message, cause) { }
}
