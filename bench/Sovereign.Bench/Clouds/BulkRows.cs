using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Sovereign.Bench.Clouds;

/// <summary>Fills a cloud that does not run with copies of what it has, straight in its tables: the one place of the benchmarks that knows tables.</summary>
internal sealed class BulkRows : IDisposable
{
    private const int StatementSecondsMax = 300;

    /// <summary>An id of its own for each number, in no order.</summary>
    private const string Uuid = "printf('%08x-0000-4000-8000-%012x', n.value * 2654435761 % 4294967296, n.value)";
    private readonly SqliteConnection connection;

    /// <param name="directory">Data directory.</param>
    public BulkRows(string directory)
    {
        connection = new SqliteConnection($"Data Source={Path.Combine(directory, "sovereign.db")};Pooling=False");
        connection.Open();
    }

    /// <param name="count">Copies of the oldest server, each a second older than the one before.</param>
    public void Servers(int count) => Copy("compute_servers", count, "ORDER BY created_at LIMIT 1", column => column switch
    {
        "id" => Uuid,
        "number" => "s.number + 1000000 + n.value",
        "name" => "'copy-' || n.value",
        "created_at" or "updated_at" => $"s.{column} - n.value * 1000000",
        _ => "s." + column,
    });

    /// <param name="count">Copies of one port, each with an address and the groups of the port.</param>
    /// <param name="others">Whose the copies are and on which network; null: the port's own.</param>
    /// <param name="after">How many copies there are already.</param>
    public void Ports(int count, string portId, (string Project, string Network)? others = null, int after = 0)
    {
        Copy("ports", count, $"WHERE id = '{portId}'", column => column switch
        {
            "id" => Uuid,
            "name" => "'copy-' || n.value",
            "project_id" when others is not null => $"'{others.Value.Project}'",
            "network_id" when others is not null => $"'{others.Value.Network}'",
            "mac" => "printf('02:00:%02x:%02x:%02x:%02x', n.value >> 24 & 255, n.value >> 16 & 255, n.value >> 8 & 255, n.value & 255)",
            "device_id" => Uuid,
            "created_at" or "updated_at" => $"s.{column} - n.value * 1000000",
            _ => "s." + column,
        }, after);
        Copy("fixed_addresses", count, $"WHERE port_id = '{portId}'", column => column switch
        {
            "port_id" => Uuid,
            "network_id" when others is not null => $"'{others.Value.Network}'",
            "address" => "printf('4%08x', 176160768 + n.value)",
            _ => "s." + column,
        }, after);
        Copy("port_groups", count, $"WHERE port_id = '{portId}'", column => column == "port_id" ? Uuid : "s." + column, after);
    }

    /// <param name="count">Copies of one project.</param>
    public void Projects(int count, string projectId) => Copy("projects", count, $"WHERE id = '{projectId}'", column => column switch
    {
        "id" => "printf('%08x%024x', n.value * 2654435761 % 4294967296, n.value)",
        "name" => "'copy-' || n.value",
        _ => "s." + column,
    });

    /// <summary>So many users, each with one role on one of so many new projects: the shape of a cloud of tenants.</summary>
    public void Tenants(int users, int projects, string userId, string projectId, string roleId)
    {
        Projects(projects, projectId);
        Copy("users", users, $"WHERE id = '{userId}'", column => column switch
        {
            "id" => "printf('%08x%023xa', n.value * 2654435761 % 4294967296, n.value)",
            "name" => "'copy-' || n.value",
            _ => "s." + column,
        });
        Run($"""
            INSERT INTO role_assignments (actor_kind, actor_id, target_kind, target_id, role_id)
            SELECT 'user', u.id, 'project', p.id, '{roleId}' FROM
              (SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS number FROM users WHERE name LIKE 'copy-%') u
              JOIN (SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS number FROM projects WHERE name LIKE 'copy-%') p ON p.number = u.number % {projects}
            """);
    }

    public void Dispose()
    {
        Run("PRAGMA wal_checkpoint(TRUNCATE)");
        connection.Dispose();
    }

    private void Copy(string table, int count, string which, Func<string, string> value, int after = 0)
    {
        var columns = new List<string>();
        using (var command = connection.CreateCommand())
        {
            command.CommandText = $"SELECT name FROM pragma_table_info('{table}')";
            using var reader = command.ExecuteReader();
            while (reader.Read()) columns.Add(reader.GetString(0));
        }

        Run(string.Create(CultureInfo.InvariantCulture, $"""
            INSERT INTO {table} ({string.Join(", ", columns)})
            WITH RECURSIVE n(value) AS (SELECT {after} + 1 UNION ALL SELECT value + 1 FROM n WHERE value < {after} + {count})
            SELECT {string.Join(", ", columns.Select(value))} FROM n CROSS JOIN (SELECT * FROM {table} {which}) s
            """));
    }

    private void Run(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandTimeout = StatementSecondsMax;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
