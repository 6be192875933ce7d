using System.Data.Common;
using Dapper;
using Npgsql;

namespace Sovereign.Kernel.Store;

/// <summary>PostgreSQL, for several replicas of the control plane. The database has collation C, so that both engines sort alike.</summary>
public sealed class PostgresEngine : IEngine
{
    private const int EntryLock = 7236839;

    /// <summary>How long the server may take to see that a process is dead, whose connection has the lock.</summary>
    private const string DyingMax = "2s";
    private readonly NpgsqlDataSource source;
    private NpgsqlConnection? entry;
    private bool alone;

    /// <param name="connectionString">Npgsql's connection string; commands time out after 30 s unless it says otherwise.</param>
    public PostgresEngine(string connectionString)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        source = builder.Build();
    }

    public string Name => "postgres";

    // Writers of all processes take turns: an operation reads and decides as if it were the only one, as it is on SQLite.
    public string BeginWrite => "BEGIN TRANSACTION; SELECT pg_advisory_xact_lock(7236838)";

    public string BytesType => "BYTEA";

    public (string Lock, string Unlock)? MigrationLock => ("SELECT pg_advisory_lock(7236837)", "SELECT pg_advisory_unlock(7236837)");

    public DbConnection OpenReader() => source.OpenConnection();

    public DbConnection OpenWriter() => source.OpenConnection();

    public bool Shared => true;

    public bool Enter()
    {
        entry = source.OpenConnection();
        try
        {
            entry.Execute($"SET lock_timeout = '{DyingMax}'; SELECT pg_advisory_lock({EntryLock})");
            alone = true;
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            alone = false;
        }

        entry.Execute("RESET lock_timeout");
        if (!alone) entry.Execute($"SELECT pg_advisory_lock_shared({EntryLock})");
        return alone;
    }

    public void Entered()
    {
        if (!alone || entry is null) return;
        entry.Execute($"SELECT pg_advisory_lock_shared({EntryLock}); SELECT pg_advisory_unlock({EntryLock})");
        alone = false;
    }

    public string? Unfit(DbConnection connection)
    {
        var collation = connection.ExecuteScalar<string>("SELECT datcollate FROM pg_database WHERE datname = current_database()");
        return collation is "C" or "POSIX" ? null : $"The database has the collation {collation}, which sorts names otherwise than the API says. "
            + "Make it anew: createdb --template=template0 --locale=C --encoding=UTF8 --owner=USER NAME.";
    }

    public bool IsTransient(DbException error) => error is PostgresException { SqlState: "40001" or "40P01" };

    public string? MachineTrouble(DbException error) => error switch
    {
        PostgresException { SqlState: "53100" } => "The disk of the database server is full.",
        PostgresException { SqlState: "57P01" or "57P02" or "57P03" } => "The database server is shutting down or starting.",
        NpgsqlException { IsTransient: true } => "The database server can't be reached.",
        _ => null,
    };

    public void Dispose()
    {
        entry?.Dispose();
        source.Dispose();
    }
}
