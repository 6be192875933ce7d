using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Sovereign.Identity.Model;

namespace Sovereign.Identity.Catalog;

/// <summary>The catalog as JSON, rendered once per change and project and kept as bytes: it is most of a token's body.</summary>
internal sealed class CatalogRenderer(IdentityModel model, string publicUrl)
{
    private const int ProjectsCachedMax = 1_000;
    private const string ProjectMark = "@@project@@";
    private static readonly string[] projectNames = ["$(project_id)s", "%(project_id)s", "$(tenant_id)s", "%(tenant_id)s"];
    private static readonly string[] publicNames = ["$(public_endpoint)s", "%(public_endpoint)s"];
    private Rendered? current;

    /// <summary>The array of services; endpoints whose URL needs a project are left out when there is none.</summary>
    public byte[] For(string? projectId)
    {
        var rendered = Current();
        if (projectId is null) return rendered.WithoutProject;
        var filters = rendered.Snapshot.Filters;
        var isFiltered = filters.Concern(projectId);
        if (!isFiltered && rendered.Pieces.Count == 1) return rendered.Pieces[0];
        if (rendered.Projects.TryGetValue(projectId, out var known)) return known;
        var pieces = isFiltered
            ? Split(Render(rendered.Snapshot, withProject: true, endpoint => filters.Shows(projectId, endpoint))) : rendered.Pieces;
        var bytes = Join(pieces, Encoding.UTF8.GetBytes(projectId));
        if (Interlocked.Increment(ref rendered.Count) > ProjectsCachedMax)
        {
            rendered.Projects.Clear();
            Interlocked.Exchange(ref rendered.Count, 1);
        }

        rendered.Projects[projectId] = bytes;
        return bytes;
    }

    /// <summary>The URL as the catalog's own resources show it: with this cloud's address, and the project still a template.</summary>
    public string ShowUrl(string template)
    {
        foreach (var name in publicNames) template = template.Replace(name, publicUrl, StringComparison.Ordinal);
        return template;
    }

    private Rendered Current()
    {
        var snapshot = model.Catalog;
        var known = Volatile.Read(ref current);
        if (known is not null && ReferenceEquals(known.Snapshot, snapshot)) return known;
        var rendered = new Rendered(snapshot, Split(Render(snapshot, withProject: true)), Render(snapshot, withProject: false));
        Volatile.Write(ref current, rendered);
        return rendered;
    }

    /// <param name="shows">Null for all endpoints; a service of which none is shown is left out.</param>
    private byte[] Render(CatalogSnapshot snapshot, bool withProject, Func<EndpointRow, bool>? shows = null)
    {
        var buffer = new ArrayBufferWriter<byte>(8 * 1024);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var endpoints = snapshot.Endpoints.Values.Where(endpoint => endpoint.Enabled && shows?.Invoke(endpoint) != false)
            .ToLookup(endpoint => endpoint.ServiceId, StringComparer.Ordinal);
        json.WriteStartArray();
        foreach (var service in snapshot.Services.Values.Where(service => service.Enabled))
        {
            if (shows is not null && !endpoints.Contains(service.Id)) continue;
            json.WriteStartObject();
            json.WriteStartArray("endpoints");
            foreach (var endpoint in endpoints[service.Id].OrderBy(endpoint => endpoint.Interface, StringComparer.Ordinal))
            {
                if (Substituted(endpoint.Url, withProject) is { } url) Write(json, endpoint, url);
            }

            json.WriteEndArray();
            json.WriteString("id", service.Id);
            json.WriteString("type", service.Type);
            json.WriteString("name", service.Name ?? "");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, EndpointRow endpoint, string url)
    {
        json.WriteStartObject();
        json.WriteString("id", endpoint.Id);
        json.WriteString("interface", endpoint.Interface);
        json.WriteString("region_id", endpoint.RegionId);
        json.WriteString("url", url);
        json.WriteString("region", endpoint.RegionId);
        json.WriteEndObject();
    }

    /// <returns>Null for a URL that can't be completed: it needs a project or names something unknown.</returns>
    private string? Substituted(string template, bool withProject)
    {
        var url = ShowUrl(template);
        foreach (var name in projectNames) url = url.Replace(name, ProjectMark, StringComparison.Ordinal);
        if (!withProject && url.Contains(ProjectMark, StringComparison.Ordinal)) return null;
        return url.Contains("$(", StringComparison.Ordinal) || url.Contains("%(", StringComparison.Ordinal) ? null : url;
    }

    private static List<byte[]> Split(byte[] rendered) =>
        Encoding.UTF8.GetString(rendered).Split(ProjectMark).Select(Encoding.UTF8.GetBytes).ToList();

    private static byte[] Join(List<byte[]> pieces, byte[] separator)
    {
        var joined = new byte[pieces.Sum(piece => piece.Length) + (pieces.Count - 1) * separator.Length];
        var at = 0;
        for (var i = 0; i < pieces.Count; i++)
        {
            if (i > 0)
            {
                separator.CopyTo(joined, at);
                at += separator.Length;
            }

            pieces[i].CopyTo(joined, at);
            at += pieces[i].Length;
        }

        return joined;
    }

    private sealed class Rendered(CatalogSnapshot snapshot, List<byte[]> pieces, byte[] withoutProject)
    {
        public int Count;

        public CatalogSnapshot Snapshot { get; } = snapshot;

        public List<byte[]> Pieces { get; } = pieces;

        public byte[] WithoutProject { get; } = withoutProject;

        public ConcurrentDictionary<string, byte[]> Projects { get; } = new(StringComparer.Ordinal);
    }
}
