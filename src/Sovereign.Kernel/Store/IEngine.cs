using System.Data.Common;

namespace Sovereign.Kernel.Store;

/// <summary>One of the two database engines. SQL everywhere else is in the dialect that both speak.</summary>
public interface IEngine : IDisposable
{
    /// <summary>"sqlite" or "postgres": picks the migration where the engines must differ.</summary>
    string Name { get; }

    /// <summary>An open connection for reading; returned to its pool when disposed.</summary>
    DbConnection OpenReader();

    /// <summary>The open connection of the one writer of this process.</summary>
    DbConnection OpenWriter();

    /// <summary>The statement that opens a write transaction.</summary>
    string BeginWrite { get; }

    /// <summary>The column type of bytes, for migrations.</summary>
    string BytesType { get; }

    /// <summary>Statements around migrations that keep other processes out; null where the engine has only one process.</summary>
    (string Lock, string Unlock)? MigrationLock => null;

    /// <summary>Says that this process serves the database from now on. Nobody else can enter before <see cref="Entered"/>.</summary>
    /// <returns>True: no other process serves it, so what is unfinished was left by dead ones.</returns>
    bool Enter() => true;

    /// <summary>Whatever only a process that is alone may do at its start is done.</summary>
    void Entered()
    {
    }

    /// <summary>True when several processes may serve one database at the same time.</summary>
    bool Shared => false;

    /// <summary>Says in the operator's words why this database can't be used as it was made; null when it can.</summary>
    string? Unfit(DbConnection connection) => null;

    /// <summary>True when the failed group may be run again as it was (serialization failure, busy, a dropped connection before commit).</summary>
    bool IsTransient(DbException error);

    /// <summary>Says in the operator's words why writing fails, when the machine is the reason (disk full, read-only, server gone); null otherwise.</summary>
    string? MachineTrouble(DbException error);
}
