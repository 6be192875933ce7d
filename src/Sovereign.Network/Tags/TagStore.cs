using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.Tags;

/// <summary>Tags of every kind of resource, and the four filters that lists have for them.</summary>
internal static class TagStore
{
    public static readonly string[] Filters = ["tags", "tags-any", "not-tags", "not-tags-any"];

    private static readonly IReadOnlyList<string> none = [];

    public static IReadOnlyList<string> Of(Session session, string kind, string id) =>
        session.Query<string>("SELECT tag FROM network_tags WHERE kind = @kind AND resource_id = @id ORDER BY tag", new { kind, id });

    public static Func<string, IReadOnlyList<string>> Of(Session session, string kind, IReadOnlyCollection<string> ids)
    {
        if (ids.Count == 0) return _ => none;
        var rows = session.Query<TagRow>("SELECT resource_id, tag FROM network_tags WHERE kind = @kind AND resource_id IN @ids ORDER BY tag", new { kind, ids });
        var byId = rows.ToLookup(row => row.ResourceId, row => row.Tag, StringComparer.Ordinal);
        return id => byId.Contains(id) ? byId[id].ToList() : none;
    }

    public static void Replace(Tx tx, string kind, string id, IEnumerable<string> tags)
    {
        tx.Execute("DELETE FROM network_tags WHERE kind = @kind AND resource_id = @id", new { kind, id });
        foreach (var tag in tags) Add(tx, kind, id, tag);
    }

    public static void Add(Tx tx, string kind, string id, string tag) => tx.Execute(
        "INSERT INTO network_tags (kind, resource_id, tag) VALUES (@kind, @id, @tag) ON CONFLICT (kind, resource_id, tag) DO NOTHING", new { kind, id, tag });

    public static bool Remove(Tx tx, string kind, string id, string tag) =>
        tx.Execute("DELETE FROM network_tags WHERE kind = @kind AND resource_id = @id AND tag = @tag", new { kind, id, tag }) == 1;

    public static void RemoveAll(Tx tx, string kind, string id) =>
        tx.Execute("DELETE FROM network_tags WHERE kind = @kind AND resource_id = @id", new { kind, id });

    /// <summary>tags: all of them; tags-any: at least one; the not- forms negate these.</summary>
    public static void Filter(ListRequest request, Microsoft.AspNetCore.Http.IQueryCollection query, string kind)
    {
        foreach (var filter in Filters)
        {
            if (!query.TryGetValue(filter, out var values)) continue;
            var tags = values.SelectMany(v => (v ?? "").Split(',')).Where(t => t.Length > 0).Distinct(StringComparer.Ordinal).ToList();
            if (tags.Count == 0) continue;
            var wanted = filter.EndsWith("any", StringComparison.Ordinal) ? 1 : tags.Count;
            var not = filter.StartsWith("not", StringComparison.Ordinal) ? "<" : ">=";
            // Kind and count are ours; only the tags come from outside.
            request.Where(
                $"(SELECT COUNT(*) FROM network_tags t WHERE t.kind = '{kind}' AND t.resource_id = {request.Shape.Id} AND t.tag IN @value) {not} {wanted}", tags);
        }
    }

    private sealed record TagRow
    {
        public string ResourceId { get; init; } = "";

        public string Tag { get; init; } = "";
    }
}
