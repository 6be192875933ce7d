using System.Data;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network;

namespace Sovereign.Compute.Servers;

/// <summary>Lists of servers: SQL fetches ids and revisions of one page, rendered pieces come from the cache.</summary>
internal sealed class ServerList(KernelServices kernel, INetworks networks, ServerView view, ComputeOptions options)
{
    private static readonly byte[] opening = "{\"servers\": ["u8.ToArray();
    private static readonly byte[] closing = "]}"u8.ToArray();

    /// <summary>Stands in front of every piece, so that a page is few parts; the first piece is sent without it.</summary>
    private static readonly byte[] comma = ", "u8.ToArray();
    private readonly FragmentCache fragments = new();

    private readonly record struct Line(string Id, long Revision, string Name)
    {
        public static Line Read(IDataRecord row) => new(row.GetString(0), row.GetInt64(1), "");

        public static Line ReadNamed(IDataRecord row) => new(row.GetString(0), row.GetInt64(1), row.GetString(2));
    }

    public Answer List(Call call, bool detailed)
    {
        var asked = ServerFilters.Read(call, options.Zone);
        if (asked.Fault is { } wrong) return wrong;
        var viewer = new ServerViewer(call.Version, call.Access.Everything, call.PublicUrl);
        var pieces = new List<byte[]>();
        string? next = null;
        var request = asked.Value.Request;
        if (!asked.Value.OnlyDeleted)
        {
            var page = kernel.Database.Read(session => detailed
                ? ListSql.Page(session, request, "s.id, s.revision", Line.Read).Map(found => (found, Pieces: Detailed(session, found.Items, viewer)))
                : ListSql.Page(session, request, "s.id, s.revision, s.name", Line.ReadNamed).Map(found =>
                    (found, Pieces: found.Items.Select(line => Short(line.Id, line.Name, viewer)).ToList())));
            if (page.Fault is { } wrongMarker) return wrongMarker;
            pieces = page.Value.Pieces;
            next = PageLinks.Next(call, request, page.Value.found, line => line.Id);
        }

        if (next is null && asked.Value.Deleted is { } graves)
        {
            pieces.AddRange(Buried(graves, viewer, detailed, request.Limit - pieces.Count));
        }

        return Answer.Pieces(200, Joined(pieces, next));
    }

    private static List<ReadOnlyMemory<byte>> Joined(List<byte[]> pieces, string? next)
    {
        var body = new List<ReadOnlyMemory<byte>>(pieces.Count + 2) { opening };
        for (var i = 0; i < pieces.Count; i++) body.Add(i == 0 ? pieces[i].AsMemory(comma.Length) : pieces[i]);
        if (next is null)
        {
            body.Add(closing);
            return body;
        }

        var link = JsonSerializer.Serialize(next, ServerJson.Wire.String);
        body.Add(Encoding.UTF8.GetBytes("], \"servers_links\": [{\"rel\": \"next\", \"href\": " + link + "}]}"));
        return body;
    }

    private static byte[] Short(string id, string name, ServerViewer viewer) => Piece(json => ServerView.Short(json, id, name, viewer.PublicUrl));

    private List<byte[]> Detailed(Session session, IReadOnlyList<Line> lines, ServerViewer viewer)
    {
        // Administrators see the host's state, which changes without the server's revision: their view is rendered each time.
        var cached = !(viewer.Admin && viewer.Version.Has(16));
        var key = viewer.Version.Minor * 2L + (viewer.Admin ? 1 : 0);
        var pieces = new List<byte[]?>(lines.Count);
        var missing = new List<string>();
        foreach (var line in lines)
        {
            byte[]? piece = null;
            if (!cached || !fragments.TryGet(line.Id, line.Revision, key, out piece)) missing.Add(line.Id);
            pieces.Add(piece);
        }

        if (missing.Count == 0) return pieces!;
        var rendered = new Dictionary<string, byte[]>(missing.Count, StringComparer.Ordinal);
        var ports = networks.PortsOf(session, missing);
        foreach (var row in ServerStore.Find(session, missing))
        {
            var piece = rendered[row.Id] = Whole(row, ports.GetValueOrDefault(row.Id) ?? [], viewer, 0);
            if (cached) fragments.Add(row.Id, row.Revision, key, piece);
        }

        for (var i = 0; i < pieces.Count; i++) pieces[i] ??= rendered.GetValueOrDefault(lines[i].Id);

        // A server that went away between the two reads is left out.
        pieces.RemoveAll(piece => piece is null);
        return pieces!;
    }

    private byte[] Whole(ServerRow row, IReadOnlyList<PortInfo> ports, ServerViewer viewer, long deletedAt) =>
        Piece(json => view.Full(json, row, ports, viewer, alone: false, deletedAt));

    private static byte[] Piece(Action<Utf8JsonWriter> members)
    {
        var rendered = Render.Bytes(json =>
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        });
        return [.. comma, .. rendered];
    }

    private IEnumerable<byte[]> Buried(DeletedFilter filter, ServerViewer viewer, bool detailed, int limit)
    {
        if (limit <= 0) yield break;
        foreach (var grave in kernel.Journal.Buried("server", filter.ProjectId, filter.Since, limit))
        {
            if (grave.DeletedAt > filter.Before || JsonSerializer.Deserialize(grave.Document, ServerJson.Wire.ServerRow) is not { } row) continue;
            yield return detailed ? Whole(row, [], viewer, grave.DeletedAt) : Short(row.Id, row.Name, viewer);
        }
    }
}

/// <summary>Which of the deleted servers a list shows too.</summary>
/// <param name="Since">Microseconds UTC.</param>
internal sealed record DeletedFilter(string? ProjectId, long Since, long Before);

/// <summary>A list of servers as it was asked for.</summary>
internal sealed record AskedServers(ListRequest Request, DeletedFilter? Deleted, bool OnlyDeleted);
