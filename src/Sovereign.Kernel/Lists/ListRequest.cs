using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Kernel.Lists;

/// <summary>A list as asked for: filters, sort, page. Services add conditions of their own (the project of the caller) with <see cref="Where"/>.</summary>
public sealed class ListRequest
{
    private static readonly HashSet<string> reserved = new(StringComparer.Ordinal) { "limit", "marker", "sort_key", "sort_dir", "sort", "fields", "page_reverse" };
    private readonly List<(string Sql, object? Value)> conditions = [];
    private readonly List<(string Sql, object? Value)> alternatives = [];

    private ListRequest(ListShape shape) => Shape = shape;

    public ListShape Shape { get; }

    public int Limit { get; private set; }

    public string? Marker { get; private set; }

    /// <summary>How many items from the start of the list are left out (Cinder's "offset").</summary>
    public long Skipped { get; private set; }

    public bool Reverse { get; private set; }

    public IReadOnlyList<SortKey> Sort { get; private set; } = [];

    public IReadOnlyList<string> Fields { get; private set; } = [];

    internal IReadOnlyList<(string Sql, object? Value)> Conditions => conditions;

    /// <summary>Conditions that exclude each other and one of which holds; empty for none.</summary>
    internal IReadOnlyList<(string Sql, object? Value)> Alternatives => alternatives;

    /// <summary>A list of everything, for callers inside the cloud.</summary>
    public static ListRequest All(ListShape shape) => new(shape) { Limit = shape.PageItemsMax, Sort = shape.DefaultSort };

    /// <param name="handled">Query parameters that the service reads itself ("all_tenants", "changes-since").</param>
    public static Outcome<ListRequest> Parse(IQueryCollection query, ListShape shape, params IReadOnlyList<string> handled)
    {
        var request = new ListRequest(shape) { Limit = shape.PageItemsMax };
        if (query.TryGetValue("limit", out var limit))
        {
            if (!int.TryParse(limit[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return new Fault.Invalid("limit", $"limit param must be an integer that is not negative, not '{limit[^1]}'.");
            }

            request.Limit = Math.Min(number, shape.PageItemsMax);
        }

        request.Marker = query.TryGetValue("marker", out var marker) && !string.IsNullOrEmpty(marker[^1]) ? marker[^1] : null;
        request.Reverse = query.TryGetValue("page_reverse", out var reverse) && string.Equals(reverse[^1], "true", StringComparison.OrdinalIgnoreCase);
        request.Fields = query.TryGetValue("fields", out var fields) ? fields.SelectMany(f => (f ?? "").Split(',')).Where(f => f.Length > 0).ToList() : [];
        var sort = ListSort.Parse(query, shape);
        if (sort.Fault is { } wrongSort) return wrongSort;
        request.Sort = sort.Value;
        foreach (var (name, values) in query)
        {
            // PostgreSQL holds no NUL in text and would answer with an error of its own.
            if (values.Any(value => value?.Contains('\0', StringComparison.Ordinal) == true))
            {
                return new Fault.Invalid(name, $"The value of {name} holds a NUL character.");
            }

            if (reserved.Contains(name) || handled.Contains(name)) continue;
            if (shape.Find(name) is { Filterable: true } column)
            {
                if (request.Filter(column, values) is { } wrong) return wrong;
            }
            else if (shape.RefuseUnknown)
            {
                return new Fault.Invalid(name, $"Invalid query parameter: {name} can't be filtered by here.");
            }
        }

        return request;
    }

    /// <summary>Adds a condition; write its parameter as @value. Example: Where("s.project_id = @value", id).</summary>
    public ListRequest Where(string sql, object? value = null)
    {
        conditions.Add((sql, value));
        return this;
    }

    /// <summary>Leaves out so many items from the start of the list.</summary>
    public ListRequest Skip(long items)
    {
        Skipped = items;
        return this;
    }

    /// <summary>Adds conditions one of which must hold; no row may fulfil two. Each finds its page by an index of its own, where one condition
    /// with OR would be read and sorted whole.</summary>
    public ListRequest WhereOneOf(object? value, IEnumerable<string> exclusive)
    {
        alternatives.AddRange(exclusive.Select(sql => (sql, value)));
        return this;
    }

    private Fault.Invalid? Filter(ListColumn column, IEnumerable<string?> values)
    {
        var wanted = new List<object>();
        foreach (var value in values)
        {
            var text = value ?? "";
            switch (column.Kind)
            {
                case ColumnKind.Text:
                    wanted.Add(text);
                    break;
                case ColumnKind.Number when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number):
                    wanted.Add(number);
                    break;
                case ColumnKind.Boolean when Truth.Of(text) is { } truth:
                    wanted.Add(truth ? 1L : 0L);
                    break;
                default:
                    return new Fault.Invalid(column.Name, $"'{text}' is not a value of {column.Name}.");
            }
        }

        var expression = column.Nullable && column.Kind == ColumnKind.Text ? $"COALESCE({column.Sql}, '')" : column.Sql;
        if (wanted.Count == 1) Where($"{expression} = @value", wanted[0]);
        else if (column.Kind == ColumnKind.Text) Where($"{expression} IN @value", wanted.Cast<string>().ToList());
        else Where($"{expression} IN @value", wanted.Cast<long>().ToList());
        return null;
    }
}

internal static class ListSort
{
    /// <summary>sort_key and sort_dir, repeated and paired (Nova, Neutron, Glance), or sort=key:dir,key:dir (Glance, Cinder).</summary>
    public static Outcome<IReadOnlyList<SortKey>> Parse(IQueryCollection query, ListShape shape)
    {
        var keys = new List<SortKey>();
        if (query.TryGetValue("sort", out var sort))
        {
            foreach (var part in sort.SelectMany(s => (s ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)))
            {
                var pieces = part.Split(':');
                if (Key(shape, pieces[0], pieces.Length > 1 ? pieces[1] : null, keys) is { } wrong) return wrong;
            }
        }

        if (query.TryGetValue("sort_key", out var names))
        {
            query.TryGetValue("sort_dir", out var directions);
            for (var i = 0; i < names.Count; i++)
            {
                if (Key(shape, names[i] ?? "", i < directions.Count ? directions[i] : null, keys) is { } wrong) return wrong;
            }
        }

        return Outcome.Of(keys.Count == 0 ? shape.DefaultSort : keys);
    }

    private static Fault.Invalid? Key(ListShape shape, string name, string? direction, List<SortKey> keys)
    {
        if (shape.Find(name) is not { Sortable: true } && name != "id") return new Fault.Invalid("sort_key", $"'{name}' can't be sorted by here.");
        if (direction is not (null or "asc" or "desc")) return new Fault.Invalid("sort_dir", $"sort_dir is 'asc' or 'desc', not '{direction}'.");
        keys.Add(new SortKey(name, direction == "desc"));
        return null;
    }
}
