using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.RegularExpressions;
using Dapper;
using Npgsql;

namespace Sovereign.Kernel.Store;

/// <summary>"column IN @list" on both engines: Dapper writes the list out on SQLite, but hands PostgreSQL an array, which IN does not take.</summary>
internal static partial class ListParameters
{
    private static readonly ConcurrentDictionary<string, string> rewritten = new(StringComparer.Ordinal);

    /// <summary>The statement and its parameters as this connection's engine takes them.</summary>
    public static (string Sql, object? Parameters) For(DbConnection connection, string sql, object? parameters)
    {
        if (parameters is null || connection is not NpgsqlConnection || !sql.Contains("IN @", StringComparison.Ordinal)) return (sql, parameters);
        return (rewritten.GetOrAdd(sql, Rewrite), Arrays(parameters));
    }

    private static string Rewrite(string sql) => InList().Replace(sql, match => (match.Groups[1].Success ? "<> ALL (@" : "= ANY (@") + match.Groups[2].Value + ")");

    private static DynamicParameters Arrays(object parameters)
    {
        var all = new DynamicParameters();
        if (parameters is DynamicParameters given)
        {
            foreach (var name in given.ParameterNames) all.Add(name, Array(given.Get<object?>(name)));
        }
        else
        {
            foreach (var property in parameters.GetType().GetProperties()) all.Add(property.Name, Array(property.GetValue(parameters)));
        }

        return all;
    }

    private static object? Array(object? value) => value switch
    {
        IEnumerable<string> texts => texts.ToArray(),
        IEnumerable<long> numbers => numbers.ToArray(),
        _ => value,
    };

    [GeneratedRegex(@"\b(NOT\s+)?IN @(\w+)")]
    private static partial Regex InList();
}
