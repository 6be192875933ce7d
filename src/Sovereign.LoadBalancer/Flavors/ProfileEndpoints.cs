using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Providers;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Flavors;

/// <summary>Flavor profiles, which operators alone see.</summary>
internal sealed class ProfileEndpoints(KernelServices kernel)
{
    private const string Path = "/lbaas/flavorprofiles";

    public void Map(BothRoutes api)
    {
        api.Get(Path, "load-balancer:flavor_profiles:list", call => Task.FromResult(List(call)));
        api.Post(Path, "load-balancer:flavor_profiles:create", Create);
        api.Get(Path + "/{id}", "load-balancer:flavor_profiles:show", call => Task.FromResult(One(call, 200, kernel.Database.Read(session => Find(session, call)))));
        api.Put(Path + "/{id}", "load-balancer:flavor_profiles:update", Update);
        api.Delete(Path + "/{id}", "load-balancer:flavor_profiles:delete", Delete);
    }

    private static Outcome<ProfileRow> Find(Session session, Call call) =>
        FlavorStore.Profile(session, call.Route("id")) is { } row ? row : Faults.Missing(Kinds.FlavorProfile, call.Route("id"));

    private Answer List(Call call) => kernel.Database.Read<Answer>(session =>
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, FlavorStore.Profiles);
        return parsed.Fault is { } wrong ? wrong : Answer.Of(ListSql.Page<ProfileRow>(session, parsed.Value, "f.*"), page => Answers.Page(
            call, parsed.Value, "flavorprofiles", page, page.Items.Select(row => row.ToView()).ToList(), BalancerJson.Wire.ProfileView));
    });

    private async Task<Answer> Create(Call call)
    {
        var wish = await PartWish.Read(call, Kinds.FlavorProfile, BalancerJson.Wire.ProfileWish);
        if (wish.Fault is { } wrong) return wrong;
        return One(call, 201, await kernel.Queue.Write<ProfileRow>("balancer_flavor_profile.create", call.Origin, tx =>
        {
            var (name, provider, data) = (wish.Value.Name.Value, wish.Value.ProviderName.Value, wish.Value.FlavorData.Value);
            if (name is null or "") return Faults.Required("name");
            if (provider is null) return Faults.Required("provider_name");
            if (data is null) return Faults.Required("flavor_data");
            if (provider != Provider.Name) return new Fault.Invalid("provider_name", $"Provider '{provider}' is not enabled.");
            if (Checks.First(Checks.Text("name", wish.Value.Name), Data(data)) is { } bad) return bad;
            var row = new ProfileRow { Id = kernel.Ids.Uuid(), Name = name, Provider = provider, Data = data };
            FlavorStore.Insert(tx, row);
            Record(tx, row, Change.Created);
            return row;
        }, call.Stop));
    }

    private async Task<Answer> Update(Call call)
    {
        var wish = await PartWish.Read(call, Kinds.FlavorProfile, BalancerJson.Wire.ProfileWish);
        if (wish.Fault is { } wrong) return wrong;
        return One(call, 200, await kernel.Queue.Write<ProfileRow>("balancer_flavor_profile.update", call.Origin, tx => Find(tx, call).Then<ProfileRow>(old =>
        {
            if (wish.Value.ProviderName.Value is { } provider && provider != Provider.Name)
                return new Fault.Invalid("provider_name", $"Provider '{provider}' is not enabled.");
            if (Checks.First(Checks.Text("name", wish.Value.Name), wish.Value.FlavorData.Value is { } data ? Data(data) : null) is { } bad) return bad;
            if (wish.Value.FlavorData.Given && FlavorStore.ProfileUsed(tx, old.Id))
                return new Fault.Conflict($"Flavor profile {old.Id} is in use and cannot be modified.");
            var row = old with { Name = wish.Value.Name.Value ?? old.Name, Data = wish.Value.FlavorData.Value ?? old.Data };
            FlavorStore.Update(tx, row);
            Record(tx, row, Change.Updated);
            return row;
        }), call.Stop));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await kernel.Queue.Write<Done>("balancer_flavor_profile.delete", call.Origin, tx => Find(tx, call).Then<Done>(row =>
        {
            if (FlavorStore.ProfileUsed(tx, row.Id)) return new Fault.Conflict($"Flavor profile {row.Id} is in use and cannot be modified.");
            FlavorStore.DeleteProfile(tx, row.Id);
            Record(tx, row, Change.Deleted);
            return Done.Value;
        }), call.Stop),
        _ => Answer.Empty(204));

    /// <summary>A JSON object without members: the provider knows no capability, and what it does not know it refuses.</summary>
    private static Fault? Data(string text)
    {
        try
        {
            using var data = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            if (data.RootElement.ValueKind != JsonValueKind.Object) return Faults.Attribute("flavor_data", "…", "A JSON object is expected.");
            foreach (var member in data.RootElement.EnumerateObject()) return Faults.Unsupported($"flavor metadata {member.Name}");
            return null;
        }
        catch (JsonException)
        {
            return Faults.Attribute("flavor_data", "…", "A JSON object is expected.");
        }
    }

    private static void Record(Tx tx, ProfileRow row, Change change) =>
        tx.Record("balancer_flavor_profile", row.Id, null, change, row.ToView(), BalancerJson.Wire.ProfileView);

    private static Answer One(Call call, int status, Outcome<ProfileRow> outcome) =>
        Answer.Of(outcome, row => Answers.One(call, status, Kinds.FlavorProfile, row.ToView(), BalancerJson.Wire.ProfileView));
}
