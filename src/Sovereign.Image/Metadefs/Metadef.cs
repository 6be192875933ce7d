namespace Sovereign.Image.Metadefs;

/// <summary>A namespace: a set of definitions that say what properties of images, flavors and servers mean. Public ones are everybody's to read.</summary>
internal sealed record NamespaceRow
{
    public string Id { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Owner { get; init; } = "";

    public string? DisplayName { get; init; }

    public string? Description { get; init; }

    public string Visibility { get; init; } = "private";

    public bool Protected { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }
}

/// <summary>One definition of a namespace.</summary>
internal sealed record DefinitionRow
{
    public string NamespaceId { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>What was said about it, a JSON object without the name.</summary>
    public string Body { get; init; } = "{}";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }
}

/// <summary>What can be defined: the kind's name in messages and its member in bodies and paths.</summary>
/// <param name="NameMax">Characters of a name.</param>
internal sealed record DefinitionKind(string Name, string Collection, int NameMax, IReadOnlyDictionary<string, Func<System.Text.Json.JsonElement, bool>> Members)
{
    public static readonly DefinitionKind Property = new("property", "properties", 80, DefinitionMembers.Property);
    public static readonly DefinitionKind Object = new("object", "objects", 80, DefinitionMembers.Object);
    public static readonly DefinitionKind Tag = new("tag", "tags", 80, DefinitionMembers.Tag);
    public static readonly DefinitionKind ResourceType = new("resource_type", "resource_type_associations", 80, DefinitionMembers.ResourceType);

    public static readonly IReadOnlyList<DefinitionKind> All = [Property, Object, Tag, ResourceType];
}
