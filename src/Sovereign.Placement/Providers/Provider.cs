namespace Sovereign.Placement.Providers;

/// <summary>A thing that has inventories: a compute node. Its generation counts the changes of what it has and of what is taken from it.</summary>
internal sealed record Provider
{
    public const int NameLengthMax = 200;

    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>Empty for a root.</summary>
    public string ParentId { get; init; } = "";

    public string RootId { get; init; } = "";

    public long Generation { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }
}
