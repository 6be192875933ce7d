using System.Text.Json.Nodes;
using Sovereign.Kernel.Sources;

namespace Sovereign.Image.Metadefs;

/// <summary>Namespaces and definitions on the wire.</summary>
internal static class MetadefViews
{
    private const string Root = "/v2/metadefs/namespaces";

    /// <summary>A namespace with the definitions given.</summary>
    public static JsonObject Of(NamespaceRow row, IEnumerable<DefinitionRow> definitions)
    {
        var view = new JsonObject { ["namespace"] = row.Namespace };
        if (row.DisplayName is not null) view["display_name"] = row.DisplayName;
        if (row.Description is not null) view["description"] = row.Description;
        view["visibility"] = row.Visibility;
        view["protected"] = row.Protected;
        view["owner"] = row.Owner;
        foreach (var kind in definitions.GroupBy(definition => definition.Kind, StringComparer.Ordinal))
        {
            var shape = DefinitionKind.All.First(one => one.Name == kind.Key);
            view[shape.Collection] = Collection(shape, row.Namespace, kind);
        }

        view["created_at"] = Micros.ToSecondsZ(row.CreatedAt);
        view["updated_at"] = Micros.ToSecondsZ(row.UpdatedAt);
        view["self"] = $"{Root}/{row.Namespace}";
        view["schema"] = "/v2/schemas/metadefs/namespace";
        return view;
    }

    /// <summary>One definition; those that have an address of their own say it.</summary>
    public static JsonObject Of(DefinitionKind kind, string space, DefinitionRow row)
    {
        var view = (JsonObject)JsonNode.Parse(row.Body)!;
        view.Insert(0, "name", row.Name);
        if (kind == DefinitionKind.Property) return view;
        view["created_at"] = Micros.ToSecondsZ(row.CreatedAt);
        view["updated_at"] = Micros.ToSecondsZ(row.UpdatedAt);
        if (kind != DefinitionKind.Object) return view;
        view["self"] = $"{Root}/{space}/objects/{row.Name}";
        view["schema"] = "/v2/schemas/metadefs/object";
        return view;
    }

    /// <summary>Properties are members by their names; all others are a list.</summary>
    public static JsonNode Collection(DefinitionKind kind, string space, IEnumerable<DefinitionRow> rows)
    {
        if (kind == DefinitionKind.Tag) return new JsonArray([.. rows.Select(row => new JsonObject { ["name"] = row.Name })]);
        if (kind != DefinitionKind.Property) return new JsonArray([.. rows.Select(row => Of(kind, space, row))]);
        var named = new JsonObject();
        foreach (var row in rows) named[row.Name] = JsonNode.Parse(row.Body);
        return named;
    }
}
