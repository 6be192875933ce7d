using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Image.Images;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Metadefs;

/// <summary>Routes of namespaces; those of their definitions are alike for every kind.</summary>
internal sealed class MetadefEndpoints(KernelServices kernel, MetadefService service)
{
    private const string Read = "image:metadefs:show";
    private const string Write = "image:metadefs:change";
    private const string Root = "/metadefs/namespaces";

    public void Map(Routes api)
    {
        api.Get(Root, Read, List);
        api.Post(Root, Write, Create);
        api.Get(Root + "/{namespace}", Read, Show);
        api.Put(Root + "/{namespace}", Write, Update);
        api.Delete(Root + "/{namespace}", Write, async call => Gone(await service.Delete(call.Access, Name(call), call.Stop)));
        api.Get("/metadefs/resource_types", Read, ResourceTypes);
        Definitions(api, DefinitionKind.Property, "properties");
        Definitions(api, DefinitionKind.Object, "objects");
        Definitions(api, DefinitionKind.Tag, "tags");
        var types = Root + "/{namespace}/resource_types";
        api.Get(types, Read, call => All(call, DefinitionKind.ResourceType));
        api.Post(types, Write, call => Add(call, DefinitionKind.ResourceType));
        api.Delete(types + "/{name}", Write, call => Remove(call, DefinitionKind.ResourceType, call.Route("name")));
    }

    private void Definitions(Routes api, DefinitionKind kind, string path)
    {
        var all = $"{Root}/{{namespace}}/{path}";
        api.Get(all, Read, call => All(call, kind));
        api.Post(all, Write, call => kind == DefinitionKind.Tag ? AddTags(call) : Add(call, kind));
        api.Delete(all, Write, call => Remove(call, kind, null));
        api.Get(all + "/{name}", Read, call => One(call, kind));
        api.Put(all + "/{name}", Write, call => Replace(call, kind));
        api.Delete(all + "/{name}", Write, call => Remove(call, kind, call.Route("name")));
        if (kind == DefinitionKind.Tag) api.Post(all + "/{name}", Write, AddTag);
    }

    private Task<Answer> List(Call call)
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, MetadefStore.Shape);
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        if (call.Access.OnlyProject is { } project) parsed.Value.Where("(n.visibility = 'public' OR n.owner = @value)", project);
        if (call.Query("resource_types") is { Length: > 0 } types)
        {
            parsed.Value.Where(
                "n.id IN (SELECT namespace_id FROM metadef_definitions WHERE kind = 'resource_type' AND name IN @value)", types.Split(',').ToList());
        }

        return Task.FromResult(kernel.Database.Read(session => Answer.Of(ListSql.Page<NamespaceRow>(session, parsed.Value, "n.*"), page =>
        {
            var associations = MetadefStore.Definitions(session, [.. page.Items.Select(row => row.Id)], DefinitionKind.ResourceType.Name)
                .ToLookup(definition => definition.NamespaceId);
            var next = PageLinks.Next(call, parsed.Value, page, row => row.Namespace);
            var list = new JsonObject
            {
                ["namespaces"] = new JsonArray([.. page.Items.Select(row => MetadefViews.Of(row, associations[row.Id]))]),
                ["first"] = "/v2" + Root + call.Http.Request.QueryString.Value,
                ["schema"] = "/v2/schemas/metadefs/namespaces",
            };
            if (next is not null) list["next"] = "/v2" + Root + next[next.IndexOf('?', StringComparison.Ordinal)..];
            return Json(200, list);
        })));
    }

    private async Task<Answer> Create(Call call)
    {
        var wish = (await call.Body(ImageJson.Wire.DictionaryStringJsonElement)).Then(body => NamespaceWish.Read(body, call.Access.Caller.ProjectId ?? ""));
        if (wish.Fault is { } wrong) return wrong;
        if (wish.Value.Row.Owner.Length == 0) return new Fault.Forbidden("A namespace needs an owner: the scope of this token is no project.");
        return Answer.Of(
            await service.Create(call.Access, wish.Value, call.Stop),
            row => Whole(row, 201).With("Location", call.Link($"{Root}/{Uri.EscapeDataString(row.Namespace)}")));
    }

    private async Task<Answer> Update(Call call)
    {
        var wish = (await call.Body(ImageJson.Wire.DictionaryStringJsonElement)).Then(body => NamespaceWish.Read(body, call.Access.Caller.ProjectId ?? ""));
        if (wish.Fault is { } wrong) return wrong;
        if (wish.Value.Definitions.Count > 0) return new Fault.Invalid("", "Definitions are changed by routes of their own.");
        return Answer.Of(await service.Update(call.Access, Name(call), wish.Value, call.Stop), row => Whole(row, 200));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(
        kernel.Database.Read(session => MetadefService.Visible(session, call.Access, Name(call))), row => Whole(row, 200)));

    private Task<Answer> ResourceTypes(Call call)
    {
        var names = kernel.Database.Read(session => MetadefStore.Names(session, DefinitionKind.ResourceType.Name));
        // What the original's own definitions speak of is there from the start.
        string[] usual = ["OS::Cinder::Volume", "OS::Glance::Image", "OS::Nova::Aggregate", "OS::Nova::Flavor", "OS::Nova::Server"];
        var started = Micros.ToSecondsZ(0);
        var all = usual.Except(names.Select(row => row.Name)).Select(name => (Name: name, Made: started, Changed: started))
            .Concat(names.Select(row => (row.Name, Made: Micros.ToSecondsZ(row.CreatedAt), Changed: Micros.ToSecondsZ(row.UpdatedAt))))
            .OrderBy(type => type.Name, StringComparer.Ordinal);
        var list = all.Select(type => new JsonObject { ["name"] = type.Name, ["created_at"] = type.Made, ["updated_at"] = type.Changed });
        return Task.FromResult(Json(200, new JsonObject { ["resource_types"] = new JsonArray([.. list]) }));
    }

    private Task<Answer> All(Call call, DefinitionKind kind) => Task.FromResult(kernel.Database.Read(session => Answer.Of(
        MetadefService.Visible(session, call.Access, Name(call)), row =>
        {
            var list = new JsonObject { [kind.Collection] = MetadefViews.Collection(kind, row.Namespace, MetadefStore.Definitions(session, [row.Id], kind.Name)) };
            if (kind != DefinitionKind.Object && kind != DefinitionKind.Tag) return Json(200, list);
            list["first"] = $"/v2{Root}/{row.Namespace}/{kind.Collection}";
            list["schema"] = "/v2/schemas/metadefs/" + kind.Collection;
            return Json(200, list);
        })));

    private Task<Answer> One(Call call, DefinitionKind kind) => Task.FromResult(kernel.Database.Read(session => Answer.Of(
        MetadefService.Visible(session, call.Access, Name(call)), row => Definition(row, kind, call.Route("name"), 200))));

    private async Task<Answer> Add(Call call, DefinitionKind kind)
    {
        var wish = (await call.Body(ImageJson.Wire.JsonElement)).Then(body => DefinitionWish.Read(kind, body));
        if (wish.Fault is { } wrong) return wrong;
        return Answer.Of(await service.Add(call.Access, Name(call), kind, [wish.Value], false, call.Stop), row => Definition(row, kind, wish.Value.Name, 201));
    }

    private async Task<Answer> AddTag(Call call)
    {
        var wish = new DefinitionWish(DefinitionKind.Tag, call.Route("name"), "{}");
        if (wish.Name.Length > DefinitionKind.Tag.NameMax) return DefinitionWish.Wrong(DefinitionKind.Tag, $"'name' has 1 to {DefinitionKind.Tag.NameMax} characters");
        return Answer.Of(await service.Add(call.Access, Name(call), wish.Kind, [wish], false, call.Stop), row => Definition(row, wish.Kind, wish.Name, 201));
    }

    /// <summary>Several tags at once, in place of all that are there unless the header says "append".</summary>
    private async Task<Answer> AddTags(Call call)
    {
        var body = await call.Body(ImageJson.Wire.JsonElement);
        if (body.Fault is { } wrong) return wrong;
        if (body.Value.ValueKind != System.Text.Json.JsonValueKind.Object || !body.Value.TryGetProperty("tags", out var tags)
            || tags.ValueKind != System.Text.Json.JsonValueKind.Array)
        {
            return DefinitionWish.Wrong(DefinitionKind.Tag, "'tags' is a required property and a list");
        }

        var wishes = tags.EnumerateArray().Select(tag => DefinitionWish.Read(DefinitionKind.Tag, tag)).ToList();
        if (wishes.Select(wish => wish.Fault).FirstOrDefault(fault => fault is not null) is { } refused) return refused;
        var append = string.Equals(call.Header("X-Openstack-Append"), "true", StringComparison.OrdinalIgnoreCase);
        var added = await service.Add(call.Access, Name(call), DefinitionKind.Tag, [.. wishes.Select(wish => wish.Value)], !append, call.Stop);
        return Answer.Of(added, row => Json(201, new JsonObject { ["tags"] = new JsonArray([.. wishes.Select(wish => new JsonObject { ["name"] = wish.Value.Name })]) }));
    }

    private async Task<Answer> Replace(Call call, DefinitionKind kind)
    {
        var wish = (await call.Body(ImageJson.Wire.JsonElement)).Then(body => DefinitionWish.Read(kind, body));
        if (wish.Fault is { } wrong) return wrong;
        return Answer.Of(
            await service.Replace(call.Access, Name(call), call.Route("name"), wish.Value, call.Stop), row => Definition(row, kind, wish.Value.Name, 200));
    }

    private async Task<Answer> Remove(Call call, DefinitionKind kind, string? definition) =>
        Gone(await service.Remove(call.Access, Name(call), kind, definition, call.Stop));

    private Answer Whole(NamespaceRow row, int status) =>
        Json(status, MetadefViews.Of(row, kernel.Database.Read(session => MetadefStore.Definitions(session, [row.Id], null))));

    private Answer Definition(NamespaceRow row, DefinitionKind kind, string name, int status) =>
        kernel.Database.Read(session => MetadefStore.Definition(session, row.Id, kind.Name, name)) is { } definition
            ? Json(status, MetadefViews.Of(kind, row.Namespace, definition))
            : MetadefService.Missing(kind, name, row.Namespace);

    private static Answer Gone(Outcome<NamespaceRow> row) => Answer.Of(row, _ => Answer.Empty(204));

    private static Answer Json(int status, JsonObject body) => Answer.Bytes(status, Encoding.UTF8.GetBytes(body.ToJsonString()));

    private static string Name(Call call) => call.Route("namespace");
}
