using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sovereign.Compute.Hosts;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network;

namespace Sovereign.Compute.Servers;

/// <summary>Lists of servers: SQL fetches ids and revisions of one page, rendered pieces come from the cache.</summary>
internal sealed class ServerList(KernelServices kernel, INetworks networks, ServerView view, HostService hosts)
{
    private static readonly byte[] opening = "{\"servers\": ["u8.ToArray();
    private static readonly byte[] closing = "]}"u8.ToArray();

    /// <summary>Stands in front of every piece, so that a page is few parts; the first piece is sent without it.</summary>
    private static readonly byte[] comma = ", "u8.ToArray();
    /// <summary>More than there are microversions, each with two views.</summary>
    private const long ViewsOfTurn = 4096;
    private readonly FragmentCache fragments = new();
    private HostsSeen seen = new("", 0);
    private long turns;

    private sealed record HostsSeen(string Words, long Turn);

    private readonly record struct Key(long Number, long Revision)
    {
        public static Key Read(DbDataReader row) => new(row.GetInt64(0), row.GetInt64(1));
    }

    public Answer List(Call call, bool detailed)
    {
        var asked = ServerFilters.Read(call, zone => [.. hosts.All().Select(host => host.Node.Id).Where(node => hosts.ZoneOf(node) == zone).DefaultIfEmpty("none")]);
        if (asked.Fault is { } wrong) return wrong;
        var viewer = new ServerViewer(call.Version, call.Access.Everything, call.PublicUrl);
        var pieces = new List<byte[]>();
        string? next = null;
        var request = asked.Value.Request;
        if (!asked.Value.OnlyDeleted)
        {
            var page = kernel.Database.Read(session => detailed ? Detailed(session, request, viewer) : Short(session, request, viewer));
            if (page.Fault is { } wrongMarker) return wrongMarker;
            pieces = page.Value.Items.Select(fragment => fragment.Bytes).ToList();
            next = PageLinks.Next(call, request, page.Value, fragment => fragment.Id);
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

    private static Outcome<Page<Fragment>> Short(Session session, ListRequest request, ServerViewer viewer) => ListSql.Page(
        session, request, "s.id, s.name", row => new Fragment(row.GetString(0), Short(row.GetString(0), row.GetString(1), viewer)));

    private static byte[] Short(string id, string name, ServerViewer viewer) => Piece(json => ServerView.Short(json, id, name, viewer.PublicUrl));

    private Outcome<Page<Fragment>> Detailed(Session session, ListRequest request, ServerViewer viewer)
    {
        // Administrators see the host's state, which changes without the server's revision.
        var turn = viewer.Admin ? HostsTurn() : 0;
        var shownAs = (turn * ViewsOfTurn) + (viewer.Version.Minor * 2L) + (viewer.Admin ? 1 : 0);
        return ListSql.Page(session, request, "s.number, s.revision", Key.Read).Then<Page<Fragment>>(page =>
        {
            var found = new List<Fragment?>(page.Items.Count);
            var missing = new List<long>();
            foreach (var key in page.Items)
            {
                var fragment = fragments.Find(key.Number, key.Revision, shownAs);
                if (fragment is null) missing.Add(key.Number);
                found.Add(fragment);
            }

            if (missing.Count == 0) return new Page<Fragment>(found!, page.More);
            var rendered = Rendered(session, missing, viewer, shownAs, () => !viewer.Admin || HostsTurn() == turn);
            for (var i = 0; i < found.Count; i++) found[i] ??= rendered.GetValueOrDefault(page.Items[i].Number);

            // A server that went away between the two reads is left out.
            found.RemoveAll(fragment => fragment is null);
            return new Page<Fragment>(found!, page.More);
        });
    }

    /// <summary>A number for what hosts are now; another one as soon as any of them is something else.</summary>
    private long HostsTurn()
    {
        var words = string.Join('\n', hosts.All().Select(host => $"{host.Node.Id} {host.Node.HostName} {host.Row.Disabled} {host.Up}"));
        var known = Volatile.Read(ref seen);
        if (known.Words == words) return known.Turn;
        // Two requests may both find the change: then there are two turns, each of which says the same.
        known = new HostsSeen(words, Interlocked.Increment(ref turns));
        Volatile.Write(ref seen, known);
        return known.Turn;
    }

    /// <param name="isStill">Asked when all is rendered: is what it shows of other things what the key says?</param>
    private Dictionary<long, Fragment> Rendered(Session session, List<long> numbers, ServerViewer viewer, long shownAs, Func<bool> isStill)
    {
        var rows = ServerStore.Numbered(session, numbers);
        var ports = networks.PortsOf(session, rows.ConvertAll(row => row.Id));
        var rendered = new Dictionary<long, Fragment>(rows.Count);
        foreach (var row in rows)
        {
            rendered[row.Number] = new Fragment(row.Id, Whole(row, ports.GetValueOrDefault(row.Id) ?? [], viewer, 0));
        }

        if (!isStill()) return rendered;
        foreach (var row in rows) fragments.Add(row.Number, row.Revision, shownAs, rendered[row.Number]);
        return rendered;
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
