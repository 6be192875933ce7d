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
    private static readonly byte[] comma = ", "u8.ToArray();
    private readonly FragmentCache fragments = new();

    private sealed record Line
    {
        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        public long Revision { get; init; }
    }

    public Answer List(Call call, bool detailed)
    {
        var asked = ServerFilters.Read(call, options.Zone);
        if (asked.Fault is { } wrong) return wrong;
        var viewer = new ServerViewer(call.Version, call.Access.Everything, call.PublicUrl);
        var pieces = new List<ReadOnlyMemory<byte>>();
        string? next = null;
        var request = asked.Value.Request;
        if (!asked.Value.OnlyDeleted)
        {
            var page = kernel.Database.Read(session => ListSql.Page<Line>(session, request, "s.id, s.name, s.revision")
                .Map(found => (found, Pieces: detailed ? Detailed(session, found.Items, viewer) : found.Items.Select(line => Short(line, viewer)).ToList())));
            if (page.Fault is { } wrongMarker) return wrongMarker;
            foreach (var piece in page.Value.Pieces) pieces.Add(piece);
            next = PageLinks.Next(call, request, page.Value.found, line => line.Id);
        }

        if (next is null && asked.Value.Deleted is { } graves)
        {
            foreach (var piece in Buried(graves, viewer, detailed, request.Limit - pieces.Count)) pieces.Add(piece);
        }

        return Answer.Pieces(200, Joined(pieces, next));
    }

    private static List<ReadOnlyMemory<byte>> Joined(List<ReadOnlyMemory<byte>> pieces, string? next)
    {
        var body = new List<ReadOnlyMemory<byte>>(pieces.Count * 2 + 2) { opening };
        for (var i = 0; i < pieces.Count; i++)
        {
            if (i > 0) body.Add(comma);
            body.Add(pieces[i]);
        }

        var link = next is null ? "" : ", \"servers_links\": [{\"rel\": \"next\", \"href\": " + JsonSerializer.Serialize(next, ServerJson.Wire.String) + "}]";
        body.Add(Encoding.UTF8.GetBytes("]" + link + "}"));
        return body;
    }

    private static byte[] Short(Line line, ServerViewer viewer) => Render.Bytes(json =>
    {
        json.WriteStartObject();
        ServerView.Short(json, line.Id, line.Name, viewer.PublicUrl);
        json.WriteEndObject();
    });

    private List<byte[]> Detailed(Session session, IReadOnlyList<Line> lines, ServerViewer viewer)
    {
        // Administrators see the host's state, which changes without the server's revision: their view is rendered each time.
        var cached = !(viewer.Admin && viewer.Version.Has(16));
        var key = viewer.Version.Minor * 2L + (viewer.Admin ? 1 : 0);
        var found = new Dictionary<string, byte[]>(lines.Count, StringComparer.Ordinal);
        foreach (var line in lines)
        {
            if (cached && fragments.TryGet(line.Id, line.Revision, key, out var piece)) found[line.Id] = piece;
        }

        var missing = lines.Where(line => !found.ContainsKey(line.Id)).Select(line => line.Id).ToList();
        if (missing.Count > 0)
        {
            var rows = ServerStore.Find(session, missing);
            var ports = networks.PortsOf(session, missing);
            foreach (var row in rows)
            {
                var piece = Whole(row, ports.GetValueOrDefault(row.Id) ?? [], viewer, 0);
                if (cached) fragments.Add(row.Id, row.Revision, key, piece);
                found[row.Id] = piece;
            }
        }

        // A server that went away between the two reads is left out.
        return [.. lines.Where(line => found.ContainsKey(line.Id)).Select(line => found[line.Id])];
    }

    private byte[] Whole(ServerRow row, IReadOnlyList<PortInfo> ports, ServerViewer viewer, long deletedAt) => Render.Bytes(json =>
    {
        json.WriteStartObject();
        view.Full(json, row, ports, viewer, alone: false, deletedAt);
        json.WriteEndObject();
    });

    private IEnumerable<byte[]> Buried(DeletedFilter filter, ServerViewer viewer, bool detailed, int limit)
    {
        if (limit <= 0) yield break;
        foreach (var grave in kernel.Journal.Buried("server", filter.ProjectId, filter.Since, limit))
        {
            if (grave.DeletedAt > filter.Before || JsonSerializer.Deserialize(grave.Document, ServerJson.Wire.ServerRow) is not { } row) continue;
            yield return detailed ? Whole(row, [], viewer, grave.DeletedAt) : Short(new Line { Id = row.Id, Name = row.Name }, viewer);
        }
    }
}

/// <summary>Which of the deleted servers a list shows too.</summary>
/// <param name="Since">Microseconds UTC.</param>
internal sealed record DeletedFilter(string? ProjectId, long Since, long Before);

/// <summary>A list of servers as it was asked for.</summary>
internal sealed record AskedServers(ListRequest Request, DeletedFilter? Deleted, bool OnlyDeleted);
