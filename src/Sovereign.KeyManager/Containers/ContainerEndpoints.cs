using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Acls;
using Sovereign.KeyManager.Consumers;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Containers;

internal sealed record ContainerWish(string Type, string? Name = null, List<ContainedWish>? SecretRefs = null);

/// <param name="SecretRef">A URL of a secret, or its id.</param>
internal sealed record ContainedWish(string SecretRef, string? Name = null);

[JsonSerializable(typeof(ContainerWish))]
[JsonSerializable(typeof(ContainedWish))]
[JsonSerializable(typeof(ContainerDocument))]
internal sealed partial class ContainerJson : JsonSerializerContext
{
    public static readonly ContainerJson Wire = new(WireJson.Options(refuseUnknown: false));
}

/// <summary>Routes of containers.</summary>
internal sealed class ContainerEndpoints(KernelServices kernel, ContainerService containers)
{
    private const int SecretsMax = 100;

    public void Map(Routes api)
    {
        api.Get("/containers", "key-manager:containers:list", call => Task.FromResult(List(call)));
        api.Post("/containers", "key-manager:containers:create", Create);
        api.Get("/containers/{id}", "key-manager:containers:show", call => Task.FromResult(Shown(kernel, containers, call, call.Route("id"))));
        api.Delete("/containers/{id}", "key-manager:containers:delete", Delete);
        api.Post("/containers/{id}/secrets", "key-manager:container-secrets:create", call => Change(call, adding: true));
        api.Delete("/containers/{id}/secrets", "key-manager:container-secrets:delete", call => Change(call, adding: false));
    }

    /// <summary>One container as it is shown, for a caller who may read it.</summary>
    public static Answer Shown(KernelServices kernel, ContainerService containers, Call call, string id) => Answer.Of(
        kernel.Database.Read(session => ContainerService.Find(session, call.Access, id, reading: true, "Container retrieval")
            .Map(row => (Row: row, Secrets: ContainerStore.Secrets(session, [id]), Consumers: ConsumerStore.Many(session, Acl.OfContainer, [id])))),
        found => Render.Json(200, json =>
        {
            json.WriteStartObject();
            Write(json, call, found.Row, found.Secrets[id], found.Consumers[id]);
            json.WriteEndObject();
        }));

    private Answer List(Call call)
    {
        if (Page.Wrong(call) is { } wrong) return wrong;
        var page = Page.Of(call);
        var (name, type) = (call.Query("name") is { Length: > 0 } given ? given : null, call.Query("type") is { Length: > 0 } kind ? kind : null);
        var (rows, total, secrets, consumers) = kernel.Database.Read(session =>
        {
            var (found, all) = ContainerStore.List(session, call.Access.ProjectId, name, type, page);
            var ids = found.Select(row => row.Id).ToList();
            return (found, all, ContainerStore.Secrets(session, ids), ConsumerStore.Many(session, Acl.OfContainer, ids));
        });
        return page.List(call, "containers", "containers", rows, total, (json, row) => Write(json, call, row, secrets[row.Id], consumers[row.Id]));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ContainerJson.Wire.ContainerWish);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value;
        var secrets = wish.SecretRefs ?? [];
        // Elements of a list may be null whatever their type says.
        if (secrets.Any(secret => secret is null)) return KeyFaults.Mismatch("Container", "None is not of type 'object'", "secret_refs");
        if (secrets.Count > SecretsMax) return KeyFaults.Mismatch("Container", $"at most {SecretsMax} secrets are in a container", "secret_refs");
        if ((KeyFaults.TooLong("Container", "name", wish.Name) ?? secrets.Select(Wrong).FirstOrDefault(fault => fault is not null)
            ?? ContainerService.Wrong(wish.Type, secrets)) is { } wrong) return wrong;
        if (secrets.Any(secret => secret.SecretRef.Contains("://", StringComparison.Ordinal) && !secret.SecretRef.StartsWith(call.PublicUrl, StringComparison.Ordinal)))
        {
            return new Fault.Invalid("secret_ref", "Provided field value is not supported: Secret_ref does not match the configured hostname, please try again");
        }

        var row = new ContainerRow { ProjectId = call.Access.ProjectId, CreatorId = call.Access.Caller.UserId, Name = wish.Name?.Trim(), Type = wish.Type };
        var made = await kernel.Queue.Write<ContainerRow>("key-container.create", call.Origin, tx => containers.Create(tx, row, secrets), call.Stop);
        return Answer.Of(made, container => Written.Made(201, "container_ref", call.Link("/containers/" + container.Id)));
    }

    private async Task<Answer> Change(Call call, bool adding)
    {
        var body = await call.Body(ContainerJson.Wire.ContainedWish);
        if (body.Fault is { } malformed) return malformed;
        if (Wrong(body.Value) is { } wrong) return wrong;
        var id = call.Route("id");
        var done = await kernel.Queue.Write<Done>("key-container.change", call.Origin, tx => ContainerService
            .Find(tx, call.Access, id, reading: false, "Container secret")
            .Then(row => adding ? containers.Add(tx, row, body.Value, call.Access.ProjectId) : ContainerService.Remove(tx, row, body.Value)), call.Stop);
        return Answer.Of(done, _ => adding ? Written.Made(201, "container_ref", call.Link("/containers/" + id)) : Answer.Empty(204));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await kernel.Queue.Write<Done>(
            "key-container.delete", call.Origin,
            tx => ContainerService.Find(tx, call.Access, call.Route("id"), reading: false, "Container deletion").Map(row =>
            {
                containers.Delete(tx, row);
                return Done.Value;
            }),
            call.Stop),
        _ => Answer.Empty(204));

    private static Fault? Wrong(ContainedWish secret) => secret.SecretRef.Length == 0
        ? KeyFaults.Mismatch("Container", "'' is too short", "secret_ref") : KeyFaults.TooLong("Container", "name", secret.Name);

    private static void Write(Utf8JsonWriter json, Call call, ContainerRow row, IEnumerable<ContainedRow> secrets, IEnumerable<ConsumerRow> consumers)
    {
        json.WriteString("created", Written.Time(row.CreatedAt));
        json.WriteString("updated", Written.Time(row.UpdatedAt));
        json.WriteString("status", "ACTIVE");
        json.WriteString("name", row.Name);
        json.WriteString("type", row.Type);
        json.WriteString("creator_id", row.CreatorId);
        json.WriteStartArray("secret_refs");
        foreach (var secret in secrets)
        {
            json.WriteStartObject();
            json.WriteString("name", secret.Name.Length == 0 ? null : secret.Name);
            json.WriteString("secret_ref", call.Link("/secrets/" + secret.SecretId));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("consumers");
        foreach (var consumer in consumers)
        {
            json.WriteStartObject();
            json.WriteString("name", consumer.Service);
            json.WriteString("URL", consumer.ResourceId);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("container_ref", call.Link("/containers/" + row.Id));
    }
}
