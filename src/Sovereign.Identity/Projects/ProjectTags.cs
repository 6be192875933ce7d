using Microsoft.AspNetCore.Http;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Projects;

/// <summary>The tags of projects as lists filter by them; the row keeps them as they are shown.</summary>
internal static class ProjectTags
{
    private static readonly (string Name, bool All, bool Not)[] filters =
        [("tags", true, false), ("tags-any", false, false), ("not-tags", true, true), ("not-tags-any", false, true)];

    /// <summary>Makes the table say what the row says.</summary>
    public static void Put(Tx tx, ProjectRow row)
    {
        tx.Execute("DELETE FROM project_tags WHERE project_id = @Id", new { row.Id });
        foreach (var tag in Members.ShowTags(row.Tags))
        {
            tx.Execute("INSERT INTO project_tags (project_id, tag) VALUES (@Id, @tag) ON CONFLICT DO NOTHING", new { row.Id, tag });
        }
    }

    public static void Remove(Tx tx, string projectId) => tx.Execute("DELETE FROM project_tags WHERE project_id = @projectId", new { projectId });

    /// <summary>tags: all of them; tags-any: at least one; the not- forms negate these.</summary>
    public static ListRequest Filter(ListRequest request, IQueryCollection query)
    {
        foreach (var (name, all, not) in filters)
        {
            if (!query.TryGetValue(name, out var values)) continue;
            var tags = values.SelectMany(value => (value ?? "").Split(',')).Where(tag => tag.Length > 0).Distinct(StringComparer.Ordinal).ToList();
            if (tags.Count == 0) continue;
            var wanted = FormattableString.Invariant($"{(not ? "<" : ">=")} {(all ? tags.Count : 1)}");
            request.Where($"(SELECT COUNT(*) FROM project_tags t WHERE t.project_id = p.id AND t.tag IN @value) {wanted}", tags);
        }

        return request;
    }
}
