using System.Data.Common;
using System.Globalization;
using System.Text;
using Dapper;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Lists;

/// <summary>Turns a list request into one keyset query: the cost of a page does not grow with the table.</summary>
public static class ListSql
{
    /// <summary>Reads one page.</summary>
    /// <param name="select">Columns to read: "s.*" or "s.id, s.revision".</param>
    /// <returns>Invalid when the marker names nothing that this list shows.</returns>
    public static Outcome<Page<T>> Page<T>(Session session, ListRequest request, string select) =>
        Page(session, request, select, static (from, sql, parameters) => from.Query<T>(sql, parameters));

    /// <summary>The same for hot lists, whose rows are few columns read by position.</summary>
    public static Outcome<Page<T>> Page<T>(Session session, ListRequest request, string select, Func<DbDataReader, T> row) =>
        Page(session, request, select, (from, sql, parameters) => from.Rows(sql, parameters, row));

    private static Outcome<Page<T>> Page<T>(Session session, ListRequest request, string select, Func<Session, string, DynamicParameters, List<T>> query)
    {
        var shape = request.Shape;
        var parameters = new DynamicParameters();
        var where = Conditions(request, parameters);
        var seen = AnyOf(request, where, parameters);
        var sort = SortOf(request);
        if (request.Marker is { } marker)
        {
            var values = MarkerValues(session, shape, sort, seen, parameters, marker);
            if (values is null) return new Fault.Invalid("marker", $"marker [{marker}] not found");
            where = And(where, After(sort, values, parameters));
        }

        var order = string.Join(", ", sort.Select(s => s.Sql + (s.Descending ? " DESC" : "")));
        parameters.Add("page_limit", (long)request.Limit + 1);
        var from = request.Alternatives.Count == 0 ? shape.From + where : Apart(request, where, order);
        var offset = request.Skipped > 0 ? " OFFSET @page_offset" : "";
        if (offset.Length > 0) parameters.Add("page_offset", request.Skipped);
        var items = query(session, $"SELECT {select} FROM {from} ORDER BY {order} LIMIT @page_limit{offset}", parameters);
        var more = items.Count > request.Limit;
        if (more) items.RemoveAt(items.Count - 1);
        if (request.Reverse) items.Reverse();
        return new Page<T>(items, more);
    }

    /// <summary>Counts what the request's conditions match, whatever its page.</summary>
    public static long Count(Session session, ListRequest request)
    {
        var parameters = new DynamicParameters();
        var where = AnyOf(request, Conditions(request, parameters), parameters);
        return session.Scalar<long>($"SELECT COUNT(*) FROM {request.Shape.From}{where}", parameters);
    }

    /// <summary>A page of each alternative, under the list's own alias, so that columns keep their names.</summary>
    private static string Apart(ListRequest request, string where, string order)
    {
        var alias = request.Shape.Id[..request.Shape.Id.IndexOf('.', StringComparison.Ordinal)];
        var pages = request.Alternatives.Select((_, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT * FROM (SELECT {alias}.* FROM {request.Shape.From}{And(where, Alternative(request, i))} ORDER BY {order} LIMIT @page_limit) a{i}"));
        return $"({string.Join(" UNION ALL ", pages)}) {alias}";
    }

    /// <summary>The alternatives as one condition, for what needs no order.</summary>
    private static string AnyOf(ListRequest request, string where, DynamicParameters parameters)
    {
        if (request.Alternatives.Count == 0) return where;
        for (var i = 0; i < request.Alternatives.Count; i++) parameters.Add(string.Create(CultureInfo.InvariantCulture, $"a{i}"), request.Alternatives[i].Value);
        return And(where, "(" + string.Join(" OR ", request.Alternatives.Select((_, i) => Alternative(request, i))) + ")");
    }

    private static string Alternative(ListRequest request, int i) =>
        "(" + request.Alternatives[i].Sql.Replace("@value", string.Create(CultureInfo.InvariantCulture, $"@a{i}"), StringComparison.Ordinal) + ")";

    private static string Conditions(ListRequest request, DynamicParameters parameters)
    {
        var where = "";
        for (var i = 0; i < request.Conditions.Count; i++)
        {
            var (sql, value) = request.Conditions[i];
            var name = string.Create(CultureInfo.InvariantCulture, $"c{i}");
            if (sql.Contains("@value", StringComparison.Ordinal)) parameters.Add(name, value);
            where = And(where, "(" + sql.Replace("@value", "@" + name, StringComparison.Ordinal) + ")");
        }

        return where;
    }

    private static string And(string where, string condition) => where.Length == 0 ? " WHERE " + condition : where + " AND " + condition;

    private static List<(string Sql, bool Descending)> SortOf(ListRequest request)
    {
        var sort = request.Sort.Select(key => (Expression(request.Shape, key.Name), key.Descending != request.Reverse)).ToList();
        if (!sort.Exists(s => s.Item1 == request.Shape.Id)) sort.Add((request.Shape.Id, sort.Count > 0 ? sort[^1].Item2 : request.Reverse));
        return sort;
    }

    private static string Expression(ListShape shape, string name)
    {
        if (name == "id") return shape.Id;
        var column = shape.Find(name)!;
        if (!column.Nullable) return column.Sql;
        return column.Kind == ColumnKind.Text ? $"COALESCE({column.Sql}, '')" : $"COALESCE({column.Sql}, 0)";
    }

    private static List<object>? MarkerValues(
        Session session, ListShape shape, List<(string Sql, bool Descending)> sort, string where, DynamicParameters parameters, string marker)
    {
        parameters.Add("marker", marker);
        var columns = string.Join(", ", sort.Select((s, i) => string.Create(CultureInfo.InvariantCulture, $"{s.Sql} AS m{i}")));
        var row = session.FirstOrDefault<dynamic>($"SELECT {columns} FROM {shape.From}{And(where, $"{shape.Id} = @marker")}", parameters) as IDictionary<string, object>;
        return row?.Values.ToList();
    }

    private static string After(List<(string Sql, bool Descending)> sort, List<object> values, DynamicParameters parameters)
    {
        for (var i = 0; i < values.Count; i++) parameters.Add(string.Create(CultureInfo.InvariantCulture, $"m{i}"), values[i]);
        if (sort.TrueForAll(s => s.Descending == sort[0].Descending))
        {
            // A row value comparison is what both engines can answer from an index.
            var columns = string.Join(", ", sort.Select(s => s.Sql));
            var marks = string.Join(", ", Enumerable.Range(0, sort.Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"@m{i}")));
            return $"({columns}) {(sort[0].Descending ? "<" : ">")} ({marks})";
        }

        var text = new StringBuilder("(");
        for (var i = 0; i < sort.Count; i++)
        {
            if (i > 0) text.Append(" OR ");
            text.Append('(');
            for (var j = 0; j < i; j++) text.Append(CultureInfo.InvariantCulture, $"{sort[j].Sql} = @m{j} AND ");
            text.Append(CultureInfo.InvariantCulture, $"{sort[i].Sql} {(sort[i].Descending ? "<" : ">")} @m{i})");
        }

        return text.Append(')').ToString();
    }
}
