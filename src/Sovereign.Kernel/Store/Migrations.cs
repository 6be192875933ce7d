using System.Data.Common;
using System.Globalization;
using System.Reflection;
using Dapper;

namespace Sovereign.Kernel.Store;

/// <summary>Numbered .sql files embedded in each service's assembly: "NNNN.name.sql", or "NNNN.name.sqlite.sql" and "NNNN.name.postgres.sql" where the
/// engines must differ. The word BYTES stands for the engine's type of bytes. A migration runs once, in one transaction.</summary>
public static class Migrations
{
    /// <summary>Form of the database that this binary writes, and the oldest binary that may still open it: expand, later contract.</summary>
    public const int Release = 1;
    public const int OldestReleaseAdmitted = 1;

    /// <summary>Brings the database up to date.</summary>
    /// <param name="assemblies">Owners of migrations, kernel first.</param>
    /// <exception cref="InvalidOperationException">The database was written by a release that does not admit this one.</exception>
    /// <exception cref="StoreUnavailableException">The database can't be reached, or not be used as it was made.</exception>
    public static void Run(IEngine engine, IEnumerable<Assembly> assemblies)
    {
        using var connection = Open(engine);
        if (engine.Unfit(connection) is { } unfit) throw new StoreUnavailableException(unfit);
        if (engine.MigrationLock is var (locking, unlocking))
        {
            connection.Execute(locking);
            try
            {
                Run(connection, engine, assemblies);
            }
            finally
            {
                connection.Execute(unlocking);
            }
        }
        else
        {
            Run(connection, engine, assemblies);
        }
    }

    private static DbConnection Open(IEngine engine)
    {
        try
        {
            return engine.OpenWriter();
        }
        catch (DbException error)
        {
            throw new StoreUnavailableException($"{engine.MachineTrouble(error) ?? "The database can't be opened."} {error.Message}", error);
        }
    }

    private static void Run(DbConnection connection, IEngine engine, IEnumerable<Assembly> assemblies)
    {
        connection.Execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)");
        connection.Execute("CREATE TABLE IF NOT EXISTS releases (id BIGINT PRIMARY KEY, newest BIGINT NOT NULL, oldest BIGINT NOT NULL)");
        Admit(connection);
        var done = connection.Query<string>("SELECT name FROM migrations").ToHashSet(StringComparer.Ordinal);
        foreach (var (name, assembly) in Ordered(assemblies, engine.Name))
        {
            var key = $"{assembly.GetName().Name}/{name}";
            if (done.Contains(key)) continue;
            Apply(connection, engine, key, Text(assembly, name));
        }

        connection.Execute(
            """
            INSERT INTO releases (id, newest, oldest) VALUES (1, @Release, @OldestReleaseAdmitted)
            ON CONFLICT (id) DO UPDATE SET
              newest = CASE WHEN releases.newest > excluded.newest THEN releases.newest ELSE excluded.newest END,
              oldest = CASE WHEN releases.oldest > excluded.oldest THEN releases.oldest ELSE excluded.oldest END
            """,
            new { Release = (long)Release, OldestReleaseAdmitted = (long)OldestReleaseAdmitted });
    }

    private static void Admit(DbConnection connection)
    {
        var (newest, oldest) = connection.QueryFirstOrDefault<(long, long)>("SELECT newest, oldest FROM releases WHERE id = 1");
        if (oldest > Release)
        {
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"This database was written by release {newest} and admits releases from {oldest} on; this binary is release {Release}. Install a newer sovereign."));
        }
    }

    private static void Apply(DbConnection connection, IEngine engine, string key, string sql)
    {
        connection.Execute(engine.BeginWrite);
        try
        {
            connection.Execute(sql.Replace("BYTES", engine.BytesType, StringComparison.Ordinal));
            connection.Execute("INSERT INTO migrations (name) VALUES (@key)", new { key });
            connection.Execute("COMMIT TRANSACTION");
        }
        catch
        {
            connection.Execute("ROLLBACK TRANSACTION");
            throw;
        }
    }

    private static IEnumerable<(string Name, Assembly Assembly)> Ordered(IEnumerable<Assembly> assemblies, string engine)
    {
        var other = engine == "sqlite" ? ".postgres.sql" : ".sqlite.sql";
        return from assembly in assemblies
               from name in assembly.GetManifestResourceNames()
                   .Where(n => n.EndsWith(".sql", StringComparison.Ordinal) && !n.EndsWith(other, StringComparison.Ordinal))
                   .Order(StringComparer.Ordinal)
               select (name, assembly);
    }

    private static string Text(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
