using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Volume.Limits;

/// <summary>Routes of quota classes, of which only "default" means anything: the limits of projects that have none of their own.</summary>
internal sealed class QuotaClassEndpoints(KernelServices kernel)
{
    private const string Default = "default";

    public void Map(BothRoutes api)
    {
        api.Get("/os-quota-class-sets/{name}", "volume:quota-classes:show", call => Task.FromResult(Set(call.Route("name"), named: true)));
        api.Put("/os-quota-class-sets/{name}", "volume:quota-classes:update", Update);
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(QuotaJson.Wire.QuotaClassBody);
        if (body.Fault is { } malformed) return malformed;
        var name = call.Route("name");
        if (name != Default) return new Fault.Invalid("name", "Only the quota class 'default' limits anything.");
        var changed = await kernel.Queue.Write<Done>(
            "volume-quota.defaults",
            call.Origin,
            tx => QuotaLines.Read(body.Value.QuotaClassSet, QuotaLines.All(tx)).Map(limits =>
            {
                foreach (var (kept, limit) in limits) kernel.Quotas.SetDefault(tx, VolumeQuotas.Service, kept, limit);
                tx.Record("volume-quota-class", name, null, Change.Updated, new QuotaDocument(name, limits), QuotaJson.Wire.QuotaDocument);
                return Done.Value;
            }),
            call.Stop);
        return Answer.Of(changed, _ => Set(name, named: false));
    }

    private Answer Set(string name, bool named) => kernel.Database.Read(session => Render.Object(200, "quota_class_set", json =>
    {
        foreach (var line in QuotaLines.All(session)) json.WriteNumber(line.Shown, kernel.Quotas.Limit(session, VolumeQuotas.Service, line.Kept, ""));
        if (named) json.WriteString("id", name);
    }));
}
