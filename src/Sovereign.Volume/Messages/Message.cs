using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Messages;

/// <summary>What went wrong after the answer was given, told to the owner of the resource.</summary>
internal sealed record MessageRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string RequestId { get; init; } = "";

    /// <summary>"VOLUME", "VOLUME_SNAPSHOT" or "VOLUME_BACKUP".</summary>
    public string ResourceType { get; init; } = "";

    public string ResourceId { get; init; } = "";

    /// <summary>One of <see cref="MessageEvents"/>.</summary>
    public string EventId { get; init; } = "";

    public string Text { get; init; } = "";

    public long CreatedAt { get; init; }

    public long ExpiresAt { get; init; }
}

/// <summary>Ids of messages: action and detail, as the original numbers them.</summary>
internal static class MessageEvents
{
    public const string NoBackend = "VOLUME_VOLUME_001_002";
    public const string Create = "VOLUME_VOLUME_001_001";
    public const string Extend = "VOLUME_VOLUME_009_001";
    public const string Snapshot = "VOLUME_VOLUME_SNAPSHOT_013_001";
    public const string Backup = "VOLUME_VOLUME_BACKUP_014_001";
    public const string Upload = "VOLUME_VOLUME_003_001";
}

/// <summary>SQL of messages.</summary>
internal static class MessageStore
{
    private const long KeptDays = 30;
    private const long SecondsPerDay = 86_400;

    public static readonly ListShape Shape = new(
        "volume_messages m",
        "m.id",
        [
            new("id", "m.id"), new("event_id", "m.event_id"), new("resource_type", "m.resource_type"), new("resource_uuid", "m.resource_id"),
            new("request_id", "m.request_id"), new("message_level", "'ERROR'", Sortable: false),
            new("created_at", "m.created_at", ColumnKind.Number, Filterable: false), new("guaranteed_until", "m.expires_at", ColumnKind.Number, Filterable: false),
        ],
        [new SortKey("created_at", true)]);

    public static void Add(Tx tx, string id, string project, string resourceType, string resourceId, string eventId, string text)
    {
        tx.Execute("DELETE FROM volume_messages WHERE expires_at < @Now", new { tx.Now });
        tx.Execute(
            """
            INSERT INTO volume_messages (id, project_id, request_id, resource_type, resource_id, event_id, text, created_at, expires_at)
            VALUES (@id, @project, @RequestId, @resourceType, @resourceId, @eventId, @text, @Now, @expires)
            """,
            new
            {
                id, project, tx.Origin.RequestId, resourceType, resourceId, eventId, text, tx.Now, expires = tx.Now + (KeptDays * SecondsPerDay * Micros.PerSecond),
            });
    }

    public static MessageRow? Find(Session session, string id) => session.FirstOrDefault<MessageRow>("SELECT * FROM volume_messages WHERE id = @id", new { id });

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volume_messages WHERE id = @id", new { id });
}
