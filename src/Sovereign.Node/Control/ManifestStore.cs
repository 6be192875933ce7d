using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>SQL of nodes and of their manifests. Specs carry user data and passwords, so they are sealed at rest.</summary>
internal sealed class ManifestStore(KernelServices kernel)
{
    public List<NodeRow> Nodes() => kernel.Database.Read(session => session.Query<NodeRow>("SELECT * FROM nodes ORDER BY host_name"));

    /// <summary>Keeps what a node says of itself. A node that says hello runs, so it is fenced no more.</summary>
    /// <param name="member">Id of the node by its certificate; null for the control plane's own machine, which its name tells.</param>
    public Outcome<NodeRow> Register(Tx tx, string hostName, string facts, string? member)
    {
        if (member is null && tx.Scalar<string>("SELECT id FROM node_members WHERE host_name = @hostName", new { hostName }) is not null)
        {
            return new Fault.Conflict($"A machine that joined is named {hostName}: this machine needs another host name.");
        }

        tx.Execute(
            $"""
            INSERT INTO nodes (id, host_name, facts, version, seen_at, created_at) VALUES (@id, @hostName, @facts, 1, @Now, @Now)
            ON CONFLICT ({(member is null ? "host_name" : "id")})
            DO UPDATE SET facts = excluded.facts, seen_at = excluded.seen_at, host_name = excluded.host_name, fenced_at = 0
            """,
            new { id = member ?? kernel.Ids.Uuid(), hostName, facts, tx.Now });
        return tx.FirstOrDefault<NodeRow>("SELECT * FROM nodes WHERE host_name = @hostName", new { hostName })!;
    }

    /// <summary>Marks a node as fenced; false when it said hello since it was last seen.</summary>
    public static bool Fence(Tx tx, string id, long seenAt) => tx.Execute(
        "UPDATE nodes SET fenced_at = @Now WHERE id = @id AND seen_at = @seenAt AND fenced_at = 0", new { id, seenAt, tx.Now }) == 1;

    /// <summary>For other control planes: the node answers here.</summary>
    public static void Seen(Tx tx, string id) => tx.Execute("UPDATE nodes SET seen_at = @Now WHERE id = @id AND fenced_at = 0", new { id, tx.Now });

    public static NodeRow? Find(Session session, string id) => session.FirstOrDefault<NodeRow>("SELECT * FROM nodes WHERE id = @id", new { id });

    public static void Forget(Tx tx, string id)
    {
        tx.Execute("DELETE FROM manifest_items WHERE node_id = @id", new { id });
        tx.Execute("DELETE FROM nodes WHERE id = @id", new { id });
        tx.Execute("DELETE FROM node_members WHERE id = @id", new { id });
    }

    /// <summary>Sets a spec; false when it is the one that is wanted already.</summary>
    public bool Put(Tx tx, string nodeId, ManifestItem item)
    {
        var spec = JsonSerializer.SerializeToUtf8Bytes(item with { Version = 0 }, NodeJson.Default.ManifestItem);
        // Keyed by the item's name: equal secrets of two items don't show as equal digests.
        var digest = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(item.Kind + "/" + item.Id), spec));
        var key = new { nodeId, item.Kind, item.Id };
        var known = tx.Scalar<string>("SELECT digest FROM manifest_items WHERE node_id = @nodeId AND kind = @Kind AND id = @Id AND wanted = 1", key);
        if (known == digest) return false;
        var sealedSpec = kernel.Keys.Seal(tx, ProjectKeys.Cloud, spec, item.Id);
        tx.Execute(
            """
            INSERT INTO manifest_items (node_id, kind, id, version, wanted, digest, sealed, observed_version, state, message, reboot_count)
            VALUES (@nodeId, @Kind, @Id, @version, 1, @digest, @sealedSpec, 0, 'Absent', NULL, 0)
            ON CONFLICT (node_id, kind, id) DO UPDATE SET version = excluded.version, wanted = 1, digest = excluded.digest, sealed = excluded.sealed
            """,
            new { nodeId, item.Kind, item.Id, version = NextVersion(tx, nodeId), digest, sealedSpec });
        return true;
    }

    /// <summary>Wants the item absent; false when it was not there or is being removed already.</summary>
    public bool Remove(Tx tx, string nodeId, string kind, string id)
    {
        var wanted = tx.Scalar<long?>("SELECT wanted FROM manifest_items WHERE node_id = @nodeId AND kind = @kind AND id = @id", new { nodeId, kind, id });
        if (wanted != 1) return false;
        tx.Execute(
            "UPDATE manifest_items SET wanted = 0, digest = '', sealed = @nothing, version = @version WHERE node_id = @nodeId AND kind = @kind AND id = @id",
            new { nodeId, kind, id, version = NextVersion(tx, nodeId), nothing = Array.Empty<byte>() });
        return true;
    }

    public Observation? Observed(Session session, string nodeId, string kind, string id) =>
        session.FirstOrDefault<ItemRow>(
            """
            SELECT kind, id, version, wanted, sealed, observed_version, state, message, reboot_count FROM manifest_items
            WHERE node_id = @nodeId AND kind = @kind AND id = @id
            """,
            new { nodeId, kind, id })?.ToObservation();

    public List<string> NodesOf(Session session, string kind, string id) =>
        session.Query<string>("SELECT node_id FROM manifest_items WHERE kind = @kind AND id = @id ORDER BY node_id", new { kind, id });

    /// <summary>Whether some node should have the item.</summary>
    public bool Wanted(Session session, string kind, string id) =>
        session.Scalar<long?>("SELECT 1 FROM manifest_items WHERE kind = @kind AND id = @id AND wanted = 1 LIMIT 1", new { kind, id }) is not null;

    /// <summary>Whether a carried disk comes to the node: one of its domains is to be made of it.</summary>
    public bool Awaits(Session session, string nodeId, string carryId) =>
        session.Query<ItemRow>(
            "SELECT kind, id, version, wanted, sealed FROM manifest_items WHERE node_id = @nodeId AND kind = @kind AND wanted = 1",
            new { nodeId, kind = ItemKinds.Domain })
        .Exists(row => Item(session, row).Domain?.Carried?.Any(disk => disk.Carry == carryId) == true);

    /// <summary>Whether a kept content comes to the node: one of its volumes is to be made of it.</summary>
    public bool AwaitsContent(Session session, string nodeId, string id) =>
        session.Query<ItemRow>(
            "SELECT kind, id, version, wanted, sealed FROM manifest_items WHERE node_id = @nodeId AND kind = @kind AND wanted = 1",
            new { nodeId, kind = ItemKinds.Volume })
        .Exists(row => Item(session, row).Volume?.Source?.Contents?.Any(kept => kept.Id == id) == true);

    /// <summary>The node's version, and its items above the given one.</summary>
    public (long Version, List<ManifestItem> Items) Since(string nodeId, long version) => kernel.Database.Read(session =>
    {
        // The version is read first: an item committed in between is sent again, never lost.
        var current = session.Scalar<long?>("SELECT version FROM nodes WHERE id = @nodeId", new { nodeId }) ?? 0;
        if (current <= version) return (current, []);
        var rows = session.Query<ItemRow>(
            """
            SELECT kind, id, version, wanted, sealed, observed_version, state, message, reboot_count FROM manifest_items
            WHERE node_id = @nodeId AND version > @version ORDER BY version
            """,
            new { nodeId, version });
        return (current, rows.ConvertAll(row => Item(session, row)));
    });

    /// <summary>Stores an observation; false when it says nothing new. An item that was to go and is gone is forgotten.</summary>
    public bool Observe(Tx tx, string nodeId, ItemReport report)
    {
        var key = new { nodeId, report.Kind, report.Id, report.Version };
        if (report.State == ItemState.Absent
            && tx.Execute(
                "DELETE FROM manifest_items WHERE node_id = @nodeId AND kind = @Kind AND id = @Id AND wanted = 0 AND version <= @Version", key) == 1)
        {
            return true;
        }

        return tx.Execute(
            """
            UPDATE manifest_items SET observed_version = @Version, state = @state, message = @message, reboot_count = @reboots
            WHERE node_id = @nodeId AND kind = @Kind AND id = @Id AND observed_version <= @Version
              AND NOT (observed_version = @Version AND state = @state AND COALESCE(message, '') = @message AND reboot_count = @reboots)
            """,
            new
            {
                nodeId, report.Kind, report.Id, report.Version, state = report.State.ToString(), message = report.Message ?? "",
                reboots = (long)report.RebootCount,
            }) == 1;
    }

    /// <summary>Items to be removed that a complete report does not list: the node has nothing of them.</summary>
    public List<(string Kind, string Id, long Version)> Removing(Tx tx, string nodeId) =>
        tx.Query<ItemRow>("SELECT kind, id, version FROM manifest_items WHERE node_id = @nodeId AND wanted = 0", new { nodeId })
            .ConvertAll(row => (row.Kind, row.Id, row.Version));

    private ManifestItem Item(Session session, ItemRow row)
    {
        if (!row.Wanted) return new ManifestItem(row.Kind, row.Id, row.Version);
        var spec = kernel.Keys.Open(session, ProjectKeys.Cloud, row.Sealed, row.Id)
            ?? throw new InvalidOperationException($"The manifest item {row.Kind} {row.Id} can't be opened with this master key.");
        return JsonSerializer.Deserialize(spec, NodeJson.Default.ManifestItem)! with { Version = row.Version };
    }

    /// <summary>The row lock that this takes orders the versions of one node as their commits.</summary>
    private static long NextVersion(Tx tx, string nodeId) =>
        tx.Scalar<long>("UPDATE nodes SET version = version + 1 WHERE id = @nodeId RETURNING version", new { nodeId });

    internal sealed record NodeRow
    {
        public string Id { get; init; } = "";

        public string HostName { get; init; } = "";

        public string Facts { get; init; } = "";

        public long SeenAt { get; init; }

        public long Version { get; init; }

        public long FencedAt { get; init; }
    }

    private sealed record ItemRow
    {
        public string Kind { get; init; } = "";

        public string Id { get; init; } = "";

        public long Version { get; init; }

        public bool Wanted { get; init; }

        public byte[] Sealed { get; init; } = [];

        public long ObservedVersion { get; init; }

        public string State { get; init; } = "";

        public string? Message { get; init; }

        public long RebootCount { get; init; }

        public Observation ToObservation() => new(
            Version, ObservedVersion, Enum.Parse<ItemState>(State), string.IsNullOrEmpty(Message) ? null : Message, (int)RebootCount);
    }
}
