using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers;

/// <summary>Routes of a server's metadata and tags.</summary>
internal sealed class MetadataEndpoints(ServerService servers)
{
    public void Map(BothRoutes api)
    {
        api.Get("/servers/{id}/metadata", "compute:metadata:list", List);
        api.Post("/servers/{id}/metadata", "compute:metadata:create", call => Set(call, keep: true));
        api.Put("/servers/{id}/metadata", "compute:metadata:update", call => Set(call, keep: false));
        api.Get("/servers/{id}/metadata/{key}", "compute:metadata:list", Show);
        api.Put("/servers/{id}/metadata/{key}", "compute:metadata:update", SetOne);
        api.Delete("/servers/{id}/metadata/{key}", "compute:metadata:delete", DeleteOne);
        api.Get("/servers/{id}/tags", "compute:tags:list", Tags);
        api.Put("/servers/{id}/tags", "compute:tags:update", SetTags);
        api.Delete("/servers/{id}/tags", "compute:tags:delete", DeleteTags);
        api.Get("/servers/{id}/tags/{tag}", "compute:tags:list", HasTag);
        api.Put("/servers/{id}/tags/{tag}", "compute:tags:update", AddTag);
        api.Delete("/servers/{id}/tags/{tag}", "compute:tags:delete", RemoveTag);
    }

    private Task<Answer> List(Call call) => Task.FromResult(Answer.Of(servers.Find(call.Access, call.Route("id")), Metadata));

    private async Task<Answer> Set(Call call, bool keep)
    {
        var body = await call.Body(ServerJson.Wire.MetadataBody);
        if (body.Fault is { } wrong) return wrong;
        var asked = body.Value.Metadata;
        var changed = await servers.SetMetadata(
            call.Access,
            call.Route("id"),
            known =>
            {
                if (!keep) return asked;
                foreach (var (key, value) in asked) known[key] = value;
                return known;
            },
            call.Stop);
        return Answer.Of(changed, Metadata);
    }

    private Task<Answer> Show(Call call)
    {
        var key = call.Route("key");
        return Task.FromResult(Answer.Of(servers.Find(call.Access, call.Route("id")), row =>
            row.MetadataMap().TryGetValue(key, out var value) ? Meta(key, value) : Wire.NotFound("Metadata item was not found")));
    }

    private async Task<Answer> SetOne(Call call)
    {
        var body = await call.Body(ServerJson.Wire.MetaBody);
        if (body.Fault is { } wrong) return wrong;
        var key = call.Route("key");
        if (body.Value.Meta.Count != 1) return new Fault.Invalid("meta", "Request body contains too many items");
        if (!body.Value.Meta.TryGetValue(key, out var value)) return new Fault.Invalid("meta", "Request body and URI mismatch");
        var changed = await servers.SetMetadata(
            call.Access,
            call.Route("id"),
            known =>
            {
                known[key] = value;
                return known;
            },
            call.Stop);
        return Answer.Of(changed, _ => Meta(key, value));
    }

    private async Task<Answer> DeleteOne(Call call)
    {
        var key = call.Route("key");
        var changed = await servers.SetMetadata(
            call.Access, call.Route("id"), known => known.Remove(key) ? known : Wire.NotFound("Metadata item was not found"), call.Stop);
        return Answer.Of(changed, _ => Answer.Empty(204));
    }

    private Task<Answer> Tags(Call call) => call.Version.Has(26)
        ? Task.FromResult(Answer.Of(servers.Find(call.Access, call.Route("id")), TagList))
        : Task.FromResult(ComputeVersions.Unrouted(call));

    private async Task<Answer> SetTags(Call call)
    {
        if (!call.Version.Has(26)) return ComputeVersions.Unrouted(call);
        var body = await call.Body(ServerJson.Wire.TagsBody);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(await servers.SetTags(call.Access, call.Route("id"), _ => Outcome.Of<IReadOnlyList<string>>(body.Value.Tags), call.Stop), TagList);
    }

    private async Task<Answer> DeleteTags(Call call)
    {
        if (!call.Version.Has(26)) return ComputeVersions.Unrouted(call);
        return Answer.Of(await servers.SetTags(call.Access, call.Route("id"), _ => Outcome.Of<IReadOnlyList<string>>([]), call.Stop), _ => Answer.Empty(204));
    }

    private Task<Answer> HasTag(Call call)
    {
        if (!call.Version.Has(26)) return Task.FromResult(ComputeVersions.Unrouted(call));
        var tag = call.Route("tag");
        return Task.FromResult(Answer.Of(servers.Find(call.Access, call.Route("id")), row =>
            row.TagList().Contains(tag, StringComparer.Ordinal) ? Answer.Empty(204) : Wire.NotFound($"Server {row.Id} has no tag '{tag}'")));
    }

    private async Task<Answer> AddTag(Call call)
    {
        if (!call.Version.Has(26)) return ComputeVersions.Unrouted(call);
        var (id, tag) = (call.Route("id"), call.Route("tag"));
        var known = false;
        var changed = await servers.SetTags(
            call.Access,
            id,
            tags =>
            {
                known = tags.Contains(tag, StringComparer.Ordinal);
                return Outcome.Of<IReadOnlyList<string>>([.. tags, tag]);
            },
            call.Stop);
        return Answer.Of(changed, _ => Answer.Empty(known ? 204 : 201).With("Location", call.Link($"/servers/{id}/tags/{Uri.EscapeDataString(tag)}")));
    }

    private async Task<Answer> RemoveTag(Call call)
    {
        if (!call.Version.Has(26)) return ComputeVersions.Unrouted(call);
        var tag = call.Route("tag");
        var changed = await servers.SetTags(
            call.Access,
            call.Route("id"),
            tags => tags.Contains(tag, StringComparer.Ordinal)
                ? Outcome.Of<IReadOnlyList<string>>([.. tags.Where(other => other != tag)])
                : Wire.NotFound($"Server {call.Route("id")} has no tag '{tag}'"),
            call.Stop);
        return Answer.Of(changed, _ => Answer.Empty(204));
    }

    private static Answer Metadata(ServerRow row) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.Texts("metadata", row.MetadataMap());
        json.WriteEndObject();
    });

    private static Answer Meta(string key, string value) => Render.Object(200, "meta", json => json.WriteString(key, value));

    private static Answer TagList(ServerRow row) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("tags");
        foreach (var tag in row.TagList()) json.WriteStringValue(tag);
        json.WriteEndArray();
        json.WriteEndObject();
    });
}
