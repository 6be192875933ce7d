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

    /// <summary>Rows of a hot list, read column by column: what maps members by name costs more than the query there.</summary>
    public List<T> Rows<T>(string sql, object? parameters, Func<DbDataReader, T> row)
    {
        (sql, parameters) = ListParameters.For(Connection, sql, parameters);
        using var wrapped = Connection.ExecuteReader(sql, parameters);
        var reader = (DbDataReader)((IWrappedDataReader)wrapped).Reader;
        var rows = new List<T>();
        while (reader.Read()) rows.Add(row(reader));
        return rows;
    }

    /// <summary>One value: a long or a string (both engines give these back alike), or null.</summary>
    public T? Scalar<T>(string sql, object? parameters = null)
    {
        (sql, parameters) = ListParameters.For(Connection, sql, parameters);
        return Connection.ExecuteScalar<T>(sql, parameters);
    }
}
