namespace Sovereign.Kernel.Lists;

/// <summary>What a column holds, for the values of filters.</summary>
public enum ColumnKind
{
    Text,
    Number,
    Boolean,
}

/// <summary>One member that a list can be filtered or sorted by.</summary>
/// <param name="Name">The API's name: "admin_state_up".</param>
/// <param name="Sql">The column or expression behind it.</param>
/// <param name="Nullable">True: sorting puts nulls first (as empty text or 0), alike on both engines.</param>
public sealed record ListColumn(string Name, string Sql, ColumnKind Kind = ColumnKind.Text, bool Sortable = true, bool Filterable = true, bool Nullable = false);

/// <summary>One key of a sort, by the name that the API gives it.</summary>
public sealed record SortKey(string Name, bool Descending = false);

/// <summary>What one resource's list can do; written once beside its SQL.</summary>
/// <param name="From">FROM clause: "servers s".</param>
/// <param name="Id">Column that is unique and ends every sort: "s.id".</param>
/// <param name="PageItemsMax">Largest page, and the page when the client names no limit.</param>
public sealed record ListShape(string From, string Id, IReadOnlyList<ListColumn> Columns, IReadOnlyList<SortKey> DefaultSort, int PageItemsMax = 1000)
{
    /// <summary>True: a query parameter that is no column and not reserved is refused (Nova from 2.75 on, Neutron); false: ignored (Keystone).</summary>
    public bool RefuseUnknown { get; init; }

    public ListColumn? Find(string name) => Columns.FirstOrDefault(column => column.Name == name);
}

/// <summary>One page of a list, and whether more follow.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, bool More);
