using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Orders;

/// <summary>An order of a key that the cloud makes. PENDING → ACTIVE or ERROR.</summary>
internal sealed record OrderRow
{
    public const string Kind = "key-order";
    public const string Pending = "PENDING";
    public const string Active = "ACTIVE";
    public const string Failed = "ERROR";
    public const string Key = "key";
    public const string Asymmetric = "asymmetric";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string CreatorId { get; init; } = "";

    public string Type { get; init; } = "";

    /// <summary>What was ordered, as JSON, without a passphrase.</summary>
    public string Meta { get; init; } = "{}";

    /// <summary>The passphrase that the private key is to have, sealed; null: none.</summary>
    public byte[]? Passphrase { get; init; }

    public string Status { get; init; } = Pending;

    public string? SecretId { get; init; }

    public string? ContainerId { get; init; }

    public string? ErrorStatusCode { get; init; }

    public string? ErrorReason { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public OrderDocument Document() => new(Id, ProjectId, CreatorId, Type, Status, SecretId, ContainerId, ErrorStatusCode, ErrorReason);

    /// <summary>Without the sealed bytes.</summary>
    public override string ToString() => $"order {Id}";
}

/// <summary>An order as the journal keeps it.</summary>
internal sealed record OrderDocument(
    string Id, string ProjectId, string CreatorId, string Type, string Status, string? SecretId, string? ContainerId, string? ErrorStatusCode, string? ErrorReason);

internal sealed record OrderWish(string Type, Dictionary<string, JsonElement> Meta);

[JsonSerializable(typeof(OrderWish))]
[JsonSerializable(typeof(OrderDocument))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class OrderJson : JsonSerializerContext
{
    public static readonly OrderJson Wire = new(WireJson.Options(refuseUnknown: false));
}

/// <summary>SQL of orders.</summary>
internal static class OrderStore
{
    public static OrderRow? Find(Session session, string id) => session.FirstOrDefault<OrderRow>("SELECT * FROM key_orders WHERE id = @id", new { id });

    public static (List<OrderRow> Rows, long Total) List(Session session, string project, Page page) =>
        (session.Query<OrderRow>(
            "SELECT * FROM key_orders WHERE project_id = @project ORDER BY created_at, id LIMIT @Limit OFFSET @Offset", new { project, page.Limit, page.Offset }),
        session.Scalar<long>("SELECT COUNT(*) FROM key_orders WHERE project_id = @project", new { project }));

    public static void Insert(Tx tx, OrderRow row) => tx.Execute(
        """
        INSERT INTO key_orders (id, project_id, creator_id, type, meta, passphrase, status, created_at, updated_at)
        VALUES (@Id, @ProjectId, @CreatorId, @Type, @Meta, @Passphrase, @Status, @CreatedAt, @UpdatedAt)
        """,
        row);

    /// <summary>How a pending order ended; false when it is none any more.</summary>
    public static bool Settle(Tx tx, OrderRow row) => tx.Execute(
        """
        UPDATE key_orders SET status = @Status, passphrase = NULL, secret_id = @SecretId, container_id = @ContainerId, error_status_code = @ErrorStatusCode,
          error_reason = @ErrorReason, updated_at = @UpdatedAt WHERE id = @Id AND status = 'PENDING'
        """,
        row) == 1;

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM key_orders WHERE id = @id", new { id });
}
