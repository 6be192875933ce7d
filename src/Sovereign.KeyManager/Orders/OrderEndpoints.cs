using System.Text;
using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Secrets;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Orders;

/// <summary>Routes of orders.</summary>
internal sealed class OrderEndpoints(KernelServices kernel, SecretService secrets)
{
    private const string Schema = "Order";
    private const string Passphrase = "passphrase";

    public void Map(Routes api)
    {
        api.Get("/orders", "key-manager:orders:list", call => Task.FromResult(List(call)));
        api.Post("/orders", "key-manager:orders:create", Create);
        api.Get("/orders/{id}", "key-manager:orders:show", call => Task.FromResult(Answer.Of(
            kernel.Database.Read(session => Find(session, call.Access, call.Route("id"))), row => Render.Json(200, json =>
            {
                json.WriteStartObject();
                Write(json, call, row);
                json.WriteEndObject();
            }))));
        api.Delete("/orders/{id}", "key-manager:orders:delete", Delete);
    }

    private static Outcome<OrderRow> Find(Session session, AccessGrant access, string id) =>
        OrderStore.Find(session, id) is { } row && row.ProjectId == access.Caller.ProjectId ? row : KeyFaults.Missing("Order not found.");

    private Answer List(Call call)
    {
        var page = Page.Of(call);
        var (rows, total) = kernel.Database.Read(session => OrderStore.List(session, call.Access.ProjectId, page));
        return page.List(call, "orders", "orders", rows, total, (json, row) => Write(json, call, row));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(OrderJson.Wire.OrderWish);
        if (body.Fault is { } malformed) return malformed;
        var (type, meta) = body.Value;
        var phrase = meta.TryGetValue(Passphrase, out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        meta.Remove(Passphrase);
        var text = JsonSerializer.Serialize(meta, OrderJson.Wire.DictionaryStringJsonElement);
        if (Wrong(type, meta, text) is { } wrong) return wrong;
        var made = await kernel.Queue.Write<OrderRow>("key-order.create", call.Origin, tx =>
        {
            var project = call.Access.ProjectId;
            if (KeyFaults.Take(kernel.Quotas, tx, KeyQuotas.Orders, project) is { } over) return over;
            var id = kernel.Ids.Uuid();
            var row = new OrderRow
            {
                Id = id, ProjectId = project, CreatorId = call.Access.Caller.UserId, Type = type, Meta = text, CreatedAt = tx.Now, UpdatedAt = tx.Now,
                Passphrase = string.IsNullOrEmpty(phrase) || type != OrderRow.Asymmetric
                    ? null : kernel.Keys.Seal(tx, project, Encoding.UTF8.GetBytes(phrase), OrderReconciler.Passphrases(id)),
            };
            OrderStore.Insert(tx, row);
            tx.Record(OrderRow.Kind, id, project, Change.Created, row.Document(), OrderJson.Wire.OrderDocument);
            tx.Due(OrderRow.Kind, id);
            return row;
        }, call.Stop);
        return Answer.Of(made, row => Written.Made(202, "order_ref", call.Link("/orders/" + row.Id)));
    }

    private Fault? Wrong(string type, Dictionary<string, JsonElement> meta, string text)
    {
        if (type == "certificate")
        {
            return meta.ContainsKey("profile") && !meta.ContainsKey("ca_id")
                ? new Fault.Invalid("ca_id", "Missing required metadata field for ca_id")
                : new Fault.Invalid("type", "Certificates can't be ordered: this cloud has no certificate authority for orders, as the original has none since Pike.");
        }

        if (type is not (OrderRow.Key or OrderRow.Asymmetric)) return KeyFaults.Mismatch(Schema, $"'{type}' is not one of ['key', 'asymmetric', 'certificate']", "type");
        var word = type == OrderRow.Key ? type : "asymmetric key";
        if (meta.ContainsKey("payload")) return KeyFaults.Mismatch(Schema, $"'payload' not allowed for {type} type order", "meta");
        var wish = Call.Parse(Encoding.UTF8.GetBytes(text), SecretJson.Wire.SecretWish);
        if (wish.Fault is { } malformed) return malformed;
        if (SecretOrders.Described(wish.Value, secrets.Now, "Secret' within 'Order").Fault is { } wrong) return wrong;
        if (wish.Value.PayloadContentType is { } media && PayloadTypes.Plain(media) is null)
        {
            return KeyFaults.Mismatch(Schema, $"payload_content_type is not one of {PayloadTypes.Supported}", "payload_content_type");
        }

        if (string.IsNullOrEmpty(wish.Value.Algorithm)) return KeyFaults.Mismatch(Schema, $"'algorithm' is required field for {word} type order", "meta");
        if (wish.Value.BitLength is not { } bits) return KeyFaults.Mismatch(Schema, $"'bit_length' is required field for {word} type order", "meta");
        return bits % 8 == 0 ? null : new Fault.Invalid(
            "bit_length", "No support for value set on field 'bit_length' on schema 'Order': Must be a positive integer that is a multiple of 8");
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await kernel.Queue.Write<Done>("key-order.delete", call.Origin, tx => Find(tx, call.Access, call.Route("id")).Map(row =>
        {
            OrderStore.Delete(tx, row.Id);
            kernel.Quotas.Give(tx, KeyQuotas.Service, KeyQuotas.Orders, row.ProjectId, 1);
            tx.Record(OrderRow.Kind, row.Id, row.ProjectId, Change.Deleted, row.Document(), OrderJson.Wire.OrderDocument);
            return Done.Value;
        }), call.Stop),
        _ => Answer.Empty(204));

    private static void Write(Utf8JsonWriter json, Call call, OrderRow row)
    {
        json.WriteString("created", Written.Time(row.CreatedAt));
        json.WriteString("updated", Written.Time(row.UpdatedAt));
        json.WriteString("status", row.Status);
        json.WriteString("type", row.Type);
        json.WritePropertyName("meta");
        json.WriteRawValue(row.Meta);
        if (row.ErrorStatusCode is { } code) json.WriteString("error_status_code", code);
        if (row.ErrorReason is { } reason) json.WriteString("error_reason", reason);
        json.WriteString("creator_id", row.CreatorId);
        if (row.SecretId is { } secret) json.WriteString("secret_ref", call.Link("/secrets/" + secret));
        if (row.ContainerId is { } container) json.WriteString("container_ref", call.Link("/containers/" + container));
        json.WriteString("order_ref", call.Link("/orders/" + row.Id));
    }
}
