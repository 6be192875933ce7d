using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Acls;
using Sovereign.KeyManager.Containers;
using Sovereign.KeyManager.Secrets;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Consumers;

internal sealed record SecretConsumerWish(string Service, string ResourceType, string ResourceId);

internal sealed record ContainerConsumerWish(string Name, [property: JsonPropertyName("URL")] string Url);

[JsonSerializable(typeof(SecretConsumerWish))]
[JsonSerializable(typeof(ContainerConsumerWish))]
[JsonSerializable(typeof(ConsumerDocument))]
internal sealed partial class ConsumerJson : JsonSerializerContext
{
    public static readonly ConsumerJson Wire = new(WireJson.Options(refuseUnknown: false));
}

/// <summary>Routes of the consumers of secrets and of containers: what uses them, said by those who do. The API names a route of one by its id, which none of
/// its answers tells: it is not there.</summary>
internal sealed class ConsumerEndpoints(KernelServices kernel, SecretService secrets, ContainerService containers)
{
    private const string Schema = "Secret Consumer";
    private const int NameLengthMax = 36;
    private const int TextLengthMax = 255;

    public void Map(Routes api)
    {
        foreach (var (kind, rule) in new[] { (Acl.OfSecret, "secret-consumers"), (Acl.OfContainer, "container-consumers") })
        {
            api.Get($"/{kind}s/{{id}}/consumers", $"key-manager:{rule}:list", call => Task.FromResult(List(call, kind)));
            api.Post($"/{kind}s/{{id}}/consumers", $"key-manager:{rule}:create", call => Change(call, kind, Add));
            api.Delete($"/{kind}s/{{id}}/consumers", $"key-manager:{rule}:delete", call => Change(call, kind, Remove));
        }
    }

    private Answer List(Call call, string kind)
    {
        var id = call.Route("id");
        var page = Page.Of(call);
        var found = kernel.Database.Read(session => Target(session, call.Access, kind, id).Map(_ => ConsumerStore.List(session, kind, id)));
        return Answer.Of(found, rows => page.List(
            call, "consumers", $"{kind}s/{id}/consumers", [.. rows.Skip((int)Math.Min(page.Offset, int.MaxValue)).Take((int)page.Limit)], rows.Count,
            (json, row) => Write(json, row)));
    }

    private async Task<Answer> Change(Call call, string kind, Func<Tx, AccessGrant, IGuarded, ConsumerRow, Fault?> change)
    {
        var wanted = kind == Acl.OfSecret ? await OfSecret(call) : await OfContainer(call);
        if (wanted.Fault is { } malformed) return malformed;
        var id = call.Route("id");
        var done = await kernel.Queue.Write<Done>("key-consumer.change", call.Origin, tx =>
        {
            var target = Target(tx, call.Access, kind, id);
            if (target.Fault is { } missing) return missing;
            var row = wanted.Value with { Kind = kind, TargetId = id, ProjectId = call.Access.ProjectId };
            return change(tx, call.Access, target.Value, row) is { } wrong ? wrong : Done.Value;
        }, call.Stop);
        if (done.Fault is { } fault) return fault;
        return kind == Acl.OfSecret ? SecretEndpoints.Shown(kernel, secrets, call, id) : ContainerEndpoints.Shown(kernel, containers, call, id);
    }

    private Fault? Add(Tx tx, AccessGrant access, IGuarded target, ConsumerRow wanted) => ConsumerStore.Put(kernel.Quotas, tx, kernel.Ids, wanted);

    private Fault? Remove(Tx tx, AccessGrant access, IGuarded target, ConsumerRow wanted)
    {
        if (ConsumerStore.Same(tx, wanted) is not { } row) return KeyFaults.Missing("Consumer not found.");
        if (row.ProjectId != access.ProjectId && target.ProjectId != access.ProjectId)
        {
            return new Fault.Forbidden("Not Allowed. Sorry, only the creator of a consumer can delete it.");
        }

        ConsumerStore.Delete(kernel.Quotas, tx, row);
        return null;
    }

    private Outcome<IGuarded> Target(Session session, AccessGrant access, string kind, string id) => kind == Acl.OfSecret
        ? secrets.Find(session, access, id, reading: true, "Secret consumers").Map(row => (IGuarded)row)
        : ContainerService.Find(session, access, id, reading: true, "Container consumers").Map(row => (IGuarded)row);

    private static async Task<Outcome<ConsumerRow>> OfSecret(Call call)
    {
        var body = await call.Body(ConsumerJson.Wire.SecretConsumerWish);
        if (body.Fault is { } malformed) return malformed;
        var (service, type, id) = body.Value;
        return (Wrong(Schema, "service", service, TextLengthMax) ?? Wrong(Schema, "resource_type", type, TextLengthMax)
            ?? Wrong(Schema, "resource_id", id, TextLengthMax)) is { } wrong ? wrong : new ConsumerRow { Service = service, ResourceType = type, ResourceId = id };
    }

    private static async Task<Outcome<ConsumerRow>> OfContainer(Call call)
    {
        var body = await call.Body(ConsumerJson.Wire.ContainerConsumerWish);
        if (body.Fault is { } malformed) return malformed;
        var (name, url) = body.Value;
        return (Wrong("Consumer", "name", name, NameLengthMax) ?? Wrong("Consumer", "URL", url, TextLengthMax)) is { } wrong
            ? wrong : new ConsumerRow { Service = name, ResourceId = url };
    }

    private static Fault? Wrong(string schema, string property, string text, int lettersMax) =>
        text.Length == 0 ? KeyFaults.Mismatch(schema, "'' is too short", property) : KeyFaults.TooLong(schema, property, text, lettersMax);

    private static void Write(Utf8JsonWriter json, ConsumerRow row)
    {
        json.WriteString("created", Written.Time(row.CreatedAt));
        json.WriteString("updated", Written.Time(row.UpdatedAt));
        json.WriteString("status", "ACTIVE");
        if (row.Kind == Acl.OfSecret)
        {
            json.WriteString("service", row.Service);
            json.WriteString("resource_type", row.ResourceType);
            json.WriteString("resource_id", row.ResourceId);
        }
        else
        {
            json.WriteString("name", row.Service);
            json.WriteString("URL", row.ResourceId);
        }
    }
}
