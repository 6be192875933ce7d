using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Flavors;

/// <summary>Flavors, which operators make and everybody sees.</summary>
internal sealed class FlavorEndpoints(KernelServices kernel)
{
    private const string Path = "/lbaas/flavors";

    public void Map(BothRoutes api)
    {
        api.Get(Path, "load-balancer:flavors:list", call => Task.FromResult(List(call)));
        api.Post(Path, "load-balancer:flavors:create", Create);
        api.Get(Path + "/{id}", "load-balancer:flavors:show", call => Task.FromResult(One(call, 200, kernel.Database.Read(session => Find(session, call)))));
        api.Put(Path + "/{id}", "load-balancer:flavors:update", Update);
        api.Delete(Path + "/{id}", "load-balancer:flavors:delete", Delete);
    }

    private static Outcome<FlavorRow> Find(Session session, Call call) =>
        FlavorStore.Find(session, call.Route("id")) is { } row ? row : Faults.Missing(Kinds.Flavor, call.Route("id"));

    private Answer List(Call call) => kernel.Database.Read<Answer>(session =>
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, FlavorStore.Flavors);
        return parsed.Fault is { } wrong ? wrong : Answer.Of(ListSql.Page<FlavorRow>(session, parsed.Value, "f.*"), page => Answers.Page(
            call, parsed.Value, "flavors", page, page.Items.Select(row => row.ToView()).ToList(), BalancerJson.Wire.FlavorView));
    });

    private async Task<Answer> Create(Call call)
    {
        var wish = await PartWish.Read(call, Kinds.Flavor, BalancerJson.Wire.FlavorWish);
        if (wish.Fault is { } wrong) return wrong;
        return One(call, 201, await kernel.Queue.Write<FlavorRow>("balancer_flavor.create", call.Origin, tx => Create(tx, wish.Value), call.Stop));
    }

    private Outcome<FlavorRow> Create(Tx tx, FlavorWish wish)
    {
        if (wish.Name.Value is not { Length: > 0 } name) return Faults.Required("name");
        if (wish.FlavorProfileId.Value is not { } profile) return Faults.Required("flavor_profile_id");
        if (Checks.First(Checks.Text("name", wish.Name), Checks.Text("description", wish.Description)) is { } text) return text;
        if (FlavorStore.Profile(tx, profile) is null) return Faults.Missing(Kinds.FlavorProfile, profile);
        var row = new FlavorRow
        {
            Id = kernel.Ids.Uuid(), Name = name, Description = wish.Description.Value ?? "", ProfileId = profile, Enabled = wish.Enabled.Value ?? true,
        };
        if (!FlavorStore.Insert(tx, row)) return Faults.Exists("A flavor of this name already exists.");
        Record(tx, row, Change.Created);
        return row;
    }

    private async Task<Answer> Update(Call call)
    {
        var wish = await PartWish.Read(call, Kinds.Flavor, BalancerJson.Wire.FlavorWish);
        if (wish.Fault is { } wrong) return wrong;
        if (wish.Value.FlavorProfileId.Given) return Faults.Unchangeable("flavor_profile_id");
        return One(call, 200, await kernel.Queue.Write<FlavorRow>("balancer_flavor.update", call.Origin, tx => Find(tx, call).Then<FlavorRow>(old =>
        {
            if (Checks.First(Checks.Text("name", wish.Value.Name), Checks.Text("description", wish.Value.Description)) is { } text) return text;
            var row = old with
            {
                Name = wish.Value.Name.Value ?? old.Name,
                Description = wish.Value.Description.Or(old.Description) ?? "",
                Enabled = wish.Value.Enabled.Value ?? old.Enabled,
            };
            if (!FlavorStore.Update(tx, row)) return Faults.Exists("A flavor of this name already exists.");
            Record(tx, row, Change.Updated);
            return row;
        }), call.Stop));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await kernel.Queue.Write<Done>("balancer_flavor.delete", call.Origin, tx => Find(tx, call).Then<Done>(row =>
        {
            if (FlavorStore.Used(tx, row.Id)) return new Fault.Conflict($"Flavor {row.Id} is in use and cannot be modified.");
            FlavorStore.Delete(tx, row.Id);
            Record(tx, row, Change.Deleted);
            return Done.Value;
        }), call.Stop),
        _ => Answer.Empty(204));

    private static void Record(Tx tx, FlavorRow row, Change change) =>
        tx.Record("balancer_flavor", row.Id, null, change, row.ToView(), BalancerJson.Wire.FlavorView);

    private static Answer One(Call call, int status, Outcome<FlavorRow> outcome) =>
        Answer.Of(outcome, row => Answers.One(call, status, Kinds.Flavor, row.ToView(), BalancerJson.Wire.FlavorView));
}
