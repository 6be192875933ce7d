using System.Collections.Concurrent;
using System.Data.Common;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Dapper;
using Npgsql;

namespace Sovereign.Kernel.Store;

/// <summary>"column IN @list" on both engines, as one parameter: an array on PostgreSQL, which IN does not take, and a JSON list on SQLite, where Dapper would
/// write a parameter for each element and SQLite parse the statement anew.</summary>
internal static partial class ListParameters
{
    private static readonly ConcurrentDictionary<(string Sql, bool Postgres), string> rewritten = new();
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> members = new();

    /// <summary>The statement and its parameters as this connection's engine takes them.</summary>
    public static (string Sql, object? Parameters) For(DbConnection connection, string sql, object? parameters)
    {
        if (parameters is null || !sql.Contains("IN @", StringComparison.Ordinal)) return (sql, parameters);
        var postgres = connection is NpgsqlConnection;
        return (rewritten.GetOrAdd((sql, postgres), static key => Rewrite(key.Sql, key.Postgres)), Lists(parameters, postgres));
    }

    private static string Rewrite(string sql, bool postgres) => InList().Replace(sql, match =>
    {
        var (not, name) = (match.Groups[1].Success, match.Groups[2].Value);
        if (postgres) return (not ? "<> ALL (@" : "= ANY (@") + name + ")";
        return (not ? "NOT IN" : "IN") + " (SELECT value FROM json_each(@" + name + "))";
    });

    private static DynamicParameters Lists(object parameters, bool postgres)
    {
        var all = new DynamicParameters();
        if (parameters is DynamicParameters given)
        {
            foreach (var name in given.ParameterNames) all.Add(name, List(given.Get<object?>(name), postgres));
        }
        else
        {
            foreach (var property in members.GetOrAdd(parameters.GetType(), static type => type.GetProperties()))
            {
                all.Add(property.Name, List(property.GetValue(parameters), postgres));
            }
        }

        return all;
    }

    private static object? List(object? value, bool postgres) => value switch
    {
        string => value,
        IEnumerable<string> texts => postgres ? texts.ToArray() : JsonSerializer.Serialize(texts, ListJson.Default.IEnumerableString),
        IEnumerable<long> numbers => postgres ? numbers.ToArray() : JsonSerializer.Serialize(numbers, ListJson.Default.IEnumerableInt64),
        _ => value,
    };

    [GeneratedRegex(@"\b(NOT\s+)?IN @(\w+)")]
    private static partial Regex InList();

    [JsonSerializable(typeof(IEnumerable<string>))]
    [JsonSerializable(typeof(IEnumerable<long>))]
    private sealed partial class ListJson : JsonSerializerContext;
}
