using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Sovereign.Kernel.Store;

/// <summary>SQLite in WAL mode with synchronous=FULL: an answer leaves only after its commit is on disk.</summary>
public sealed class SqliteEngine : IEngine
{
    private const int BusyMillisecondsMax = 5_000;

    /// <summary>Pages of 4 KiB that the log may hold before they go into the file: each time costs two more waits for the disk.</summary>
    private const int CheckpointPages = 8_192;
    private const int WriterCacheKib = 65_536;
    private const int ConfigMemoryStatus = 9;
    private const int DbConfigEnableQpsg = 1007;
    private readonly string writerString;
    private readonly string readerString;
    private readonly bool durable;

    static SqliteEngine()
    {
        // Nobody asks how much memory there is: no lock at every allocation.
        SQLitePCL.Batteries_V2.Init();
        _ = SQLitePCL.raw.sqlite3_config(ConfigMemoryStatus, 0);
    }

    /// <param name="path">The database file; its directory exists.</param>
    /// <param name="durable">False only in simulation, where the crash is ours and the disk is not under test.</param>
    public SqliteEngine(string path, bool durable = true)
    {
        this.durable = durable;
        writerString = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false, DefaultTimeout = 30 }.ToString();
        readerString = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 30 }.ToString();
    }

    public string Name => "sqlite";

    public string BeginWrite => "BEGIN IMMEDIATE";

    public string BytesType => "BLOB";

    public DbConnection OpenReader() => Open(readerString, $"PRAGMA busy_timeout={BusyMillisecondsMax}; PRAGMA case_sensitive_like=ON; PRAGMA cache_size=-2000;");

    public DbConnection OpenWriter() => Open(
        writerString,
        $"PRAGMA journal_mode=WAL; PRAGMA synchronous={(durable ? "FULL" : "OFF")}; PRAGMA busy_timeout={BusyMillisecondsMax}; "
        + $"PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON; PRAGMA cache_size=-{WriterCacheKib}; PRAGMA temp_store=MEMORY; "
        + $"PRAGMA wal_autocheckpoint={CheckpointPages}; PRAGMA journal_size_limit={CheckpointPages * 4096L};");

    public bool IsTransient(DbException error) => error is SqliteException { SqliteErrorCode: SqliteBusy or SqliteLocked };

    public string? MachineTrouble(DbException error) => (error as SqliteException)?.SqliteErrorCode switch
    {
        SqliteFull => "The disk of the database is full: free space in the data directory and try again.",
        SqliteReadOnly => "The database is read-only: check the owner and mode of the data directory.",
        SqliteIoError => "The disk of the database fails: see the machine's log.",
        SqliteBusy or SqliteLocked => "The database is held by another process.",
        _ => null,
    };

    public void Dispose()
    {
        // Connections are not pooled by the provider: whoever opened one closes it.
    }

    private const int SqliteBusy = 5;
    private const int SqliteLocked = 6;
    private const int SqliteReadOnly = 8;
    private const int SqliteIoError = 10;
    private const int SqliteFull = 13;

    private static SqliteConnection Open(string connectionString, string pragmas)
    {
        var connection = new SqliteStatements(connectionString);
        connection.Open();
        // A plan that may depend on bound values (a LIMIT already is one) is made anew at every execution; ours shall not.
        _ = SQLitePCL.raw.sqlite3_db_config(connection.Handle, DbConfigEnableQpsg, 1, out _);
        using var command = connection.CreateCommand();
        command.CommandText = pragmas;
        command.ExecuteNonQuery();
        return connection;
    }
}
