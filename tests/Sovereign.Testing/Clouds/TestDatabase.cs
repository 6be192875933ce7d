using Npgsql;
using Sovereign.Kernel.Store;

namespace Sovereign.Testing.Clouds;

/// <summary>A fresh database of either engine, removed afterwards. PostgreSQL is the server that the test script started; without one the test fails and says so.</summary>
public sealed class TestDatabase : IDisposable
{
    /// <summary>Environment variable with the connection string of the test server.</summary>
    public const string ServerVariable = "SOVEREIGN_TEST_POSTGRES";
    private readonly string? directory;
    private readonly (string Server, string Name)? postgres;
    private readonly string connection;

    private TestDatabase(string connection, string? directory, (string, string)? postgres) =>
        (this.connection, this.directory, this.postgres) = (connection, directory, postgres);

    public static readonly IReadOnlyList<string> Engines = ["sqlite", "postgres"];

    public static TestDatabase New(string engine)
    {
        if (engine == "sqlite")
        {
            var directory = Directory.CreateTempSubdirectory("sovereign-test-").FullName;
            return new TestDatabase(Path.Combine(directory, "test.db"), directory, null);
        }

        var server = Environment.GetEnvironmentVariable(ServerVariable)
            ?? throw new InvalidOperationException($"{ServerVariable} is not set: run this suite by ./sovereign test, which starts a PostgreSQL server.");
        var name = "t" + Guid.NewGuid().ToString("N");
        Run(server, $"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'");
        return new TestDatabase(new NpgsqlConnectionStringBuilder(server) { Database = name }.ToString(), null, (server, name));
    }

    /// <summary>A new engine on the same database, as after a restart.</summary>
    public IEngine Open() => postgres is null ? new SqliteEngine(connection, durable: false) : new PostgresEngine(connection);

    public void Dispose()
    {
        if (directory is not null) Directory.Delete(directory, recursive: true);
        if (postgres is var (server, name)) Run(server, $"DROP DATABASE {name} WITH (FORCE)");
    }

    private static void Run(string server, string sql)
    {
        using var source = NpgsqlDataSource.Create(server);
        using var command = source.CreateCommand(sql);
        command.ExecuteNonQuery();
    }
}
