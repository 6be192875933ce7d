using Microsoft.Data.Sqlite;

namespace Sovereign.Bench.Clouds;

/// <summary>Fills a cloud that does not run with copies of one of its servers, straight in its table: the one place of the benchmarks that knows tables.</summary>
internal static class BulkServers
{
    private const string Table = "compute_servers";

    /// <param name="directory">Data directory of a cloud that has at least one server.</param>
    /// <param name="total">Servers that the project shall have in all. The copies are older than the ones that are there, a second apart.</param>
    public static void Fill(string directory, int total)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "sovereign.db")};Pooling=False");
        connection.Open();
        var columns = new List<string>();
        using (var command = connection.CreateCommand())
        {
            command.CommandText = $"SELECT name FROM pragma_table_info('{Table}')";
            using var reader = command.ExecuteReader();
            while (reader.Read()) columns.Add(reader.GetString(0));
        }

        var values = columns.Select(column => column switch
        {
            "id" => "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(6)))",
            "number" => "s.number + 1000000 + n.value",
            "name" => "'copy-' || n.value",
            "created_at" or "updated_at" => $"s.{column} - n.value * 1000000",
            _ => "s." + column,
        });
        using var insert = connection.CreateCommand();
        insert.CommandTimeout = 300;
        insert.CommandText = $"""
            INSERT INTO {Table} ({string.Join(", ", columns)})
            WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {total} - (SELECT COUNT(*) FROM {Table}))
            SELECT {string.Join(", ", values)} FROM n CROSS JOIN (SELECT * FROM {Table} ORDER BY created_at LIMIT 1) s
            """;
        insert.ExecuteNonQuery();
        using var analyze = connection.CreateCommand();
        analyze.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        analyze.ExecuteNonQuery();
    }
}
