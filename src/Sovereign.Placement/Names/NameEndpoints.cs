using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Placement.Names;

/// <summary>Resource classes and traits: standard names and the cloud's own CUSTOM_ ones.</summary>
internal sealed class NameEndpoints(KernelServices kernel)
{
    private static readonly Microversion idempotentPut = new(1, 7);

    public void Map(Routes api)
    {
        api.Get("/resource_classes", "placement:resource_classes:list", Classes);
        api.Post("/resource_classes", "placement:resource_classes:create", CreateClass);
        api.Get("/resource_classes/{name}", "placement:resource_classes:show", ShowClass);
        api.Put("/resource_classes/{name}", "placement:resource_classes:update", PutClass);
        api.Delete("/resource_classes/{name}", "placement:resource_classes:delete", DeleteClass);
        api.Get("/traits", "placement:traits:list", Traits);
        api.Get("/traits/{name}", "placement:traits:show", ShowTrait);
        api.Put("/traits/{name}", "placement:traits:update", PutTrait);
        api.Delete("/traits/{name}", "placement:traits:delete", DeleteTrait);
    }

    private Task<Answer> Classes(Call call)
    {
        var names = StandardNames.Classes.Order(StringComparer.Ordinal).Concat(kernel.Database.Read(session => NameStore.Custom(session, NameStore.Class)));
        return Task.FromResult(Answer.Json(200, new ClassList(names.Select(ClassView.From).ToList()), NameJson.Wire.ClassList).Dated(call));
    }

    private async Task<Answer> CreateClass(Call call)
    {
        var body = await call.Body(NameJson.Wire.ClassBody);
        if (body.Fault is { } wrong) return wrong;
        var name = body.Value.Name;
        var added = await Add(call, NameStore.Class, name);
        if (added.Fault is { } fault) return fault;
        return added.Value
            ? Answer.Empty(201).With("Location", call.Link("/resource_classes/" + name))
            : new Fault.Conflict($"Conflicting resource class already exists: {name}");
    }

    private Task<Answer> ShowClass(Call call) => Task.FromResult<Answer>(
        kernel.Database.Read(session => NameStore.ClassExists(session, call.Route("name")))
            ? Answer.Json(200, ClassView.From(call.Route("name")), NameJson.Wire.ClassView).Dated(call)
            : new Fault.NotFound("No such resource class", call.Route("name")));

    private async Task<Answer> PutClass(Call call)
    {
        if (call.Version < idempotentPut) return new Fault.Invalid("name", "Renaming a resource class is not done here; ask for version 1.7 or newer to create one.");
        var added = await Add(call, NameStore.Class, call.Route("name"));
        return Answer.Of(added, fresh => Answer.Empty(fresh ? 201 : 204).With("Location", call.Link("/resource_classes/" + call.Route("name"))));
    }

    private async Task<Answer> DeleteClass(Call call)
    {
        var name = call.Route("name");
        if (StandardNames.Classes.Contains(name)) return new Fault.Invalid("name", $"Cannot delete standard resource class {name}.");
        return await Remove(call, NameStore.Class, name, NameStore.ClassInUse, $"Cannot delete resource class {name} in use in inventory.");
    }

    private Task<Answer> Traits(Call call)
    {
        var names = kernel.Database.Read(session => StandardNames.Traits.Order(StringComparer.Ordinal).Concat(NameStore.Custom(session, NameStore.Trait))
            .Where(name => call.Query("associated") is not { } wanted
                || NameStore.TraitInUse(session, name) == wanted.Equals("true", StringComparison.OrdinalIgnoreCase)).ToList());
        if (call.Query("name") is { } filter)
        {
            if (filter.StartsWith("startswith:", StringComparison.Ordinal)) names = names.FindAll(name => name.StartsWith(filter[11..], StringComparison.Ordinal));
            else if (filter.StartsWith("in:", StringComparison.Ordinal)) names = names.FindAll(filter[3..].Split(',').Contains);
            else return Task.FromResult<Answer>(PlacementFaults.BadQuery("name", "Badly formatted name parameter. Expected name query string parameter in form: ?name=[in|startswith]:[name1,name2|prefix]. Got: \"" + filter + "\""));
        }

        return Task.FromResult(Answer.Json(200, new TraitList(names), NameJson.Wire.TraitList).Dated(call));
    }

    private Task<Answer> ShowTrait(Call call) => Task.FromResult<Answer>(
        kernel.Database.Read(session => NameStore.TraitExists(session, call.Route("name")))
            ? Answer.Empty(204).Dated(call)
            : new Fault.NotFound("No such trait(s)", call.Route("name")));

    private async Task<Answer> PutTrait(Call call)
    {
        var added = await Add(call, NameStore.Trait, call.Route("name"));
        return Answer.Of(added, fresh => Answer.Empty(fresh ? 201 : 204).With("Location", call.Link("/traits/" + call.Route("name"))).Dated(call));
    }

    private async Task<Answer> DeleteTrait(Call call)
    {
        var name = call.Route("name");
        if (StandardNames.Traits.Contains(name)) return new Fault.Invalid("name", $"Cannot delete standard trait {name}.");
        return await Remove(call, NameStore.Trait, name, NameStore.TraitInUse, $"The trait {name} is in use by a resource provider.");
    }

    private Task<Outcome<bool>> Add(Call call, string kind, string name)
    {
        if (!StandardNames.IsCustom(name))
        {
            return Task.FromResult<Outcome<bool>>(new Fault.Invalid("name", $"The name '{name}' is invalid: it must start with CUSTOM_ and have only A-Z, 0-9 and _."));
        }

        return kernel.Queue.Write<bool>(
            "placement-name.add",
            call.Origin,
            tx =>
            {
                var fresh = NameStore.Add(tx, kind, name);
                if (fresh) tx.Record("placement_" + kind, name, null, Change.Created, new ClassBody(name), NameJson.Wire.ClassBody);
                return fresh;
            },
            call.Stop);
    }

    private async Task<Answer> Remove(Call call, string kind, string name, Func<Session, string, bool> inUse, string inUseMessage)
    {
        var done = await kernel.Queue.Write<Done>(
            "placement-name.remove",
            call.Origin,
            tx =>
            {
                if (inUse(tx, name)) return new Fault.Conflict(inUseMessage);
                if (!NameStore.Remove(tx, kind, name)) return new Fault.NotFound($"No such {(kind == NameStore.Class ? "resource class" : "trait")}", name);
                tx.Record("placement_" + kind, name, null, Change.Deleted, new ClassBody(name), NameJson.Wire.ClassBody);
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(done, _ => Answer.Empty(204));
    }
}
