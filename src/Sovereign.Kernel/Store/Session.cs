using System.Data.Common;
using Dapper;

namespace Sovereign.Kernel.Store;

/// <summary>Visible SQL on one connection: what stores are given to read with. Columns are snake_case, members PascalCase.</summary>
public class Session
{
    static Session() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    internal Session(DbConnection connection) => Connection = connection;

    /// <summary>For the few hot paths that read with plain ADO.</summary>
    public DbConnection Connection { get; }

    public List<T> Query<T>(string sql, object? parameters = null)
    {
        (sql, parameters) = ListParameters.For(Connection, sql, parameters);
        return Connection.Query<T>(sql, parameters, buffered: true).AsList();
    }

    public T? FirstOrDefault<T>(string sql, object? parameters = null)
    {
        (sql, parameters) = ListParameters.For(Connection, sql, parameters);
        return Connection.QueryFirstOrDefault<T>(sql, parameters);
    }

    /// <summary>One value: a long or a string (both engines give these back alike), or null.</summary>
    public T? Scalar<T>(string sql, object? parameters = null)
    {
        (sql, parameters) = ListParameters.For(Connection, sql, parameters);
        return Connection.ExecuteScalar<T>(sql, parameters);
    }
}
