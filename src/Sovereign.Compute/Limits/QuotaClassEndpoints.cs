using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Limits;

/// <summary>Routes of quota classes: the limits of projects that have none of their own (Compute API reference, "Quota class sets").</summary>
internal sealed class QuotaClassEndpoints(KernelServices kernel)
{
    /// <summary>The class that all projects are in; there is no way to put one into another.</summary>
    private const string DefaultClass = "default";

    public void Map(BothRoutes api)
    {
        api.Get("/os-quota-class-sets/{class}", "compute:quota-classes:show", Show);
        api.Put("/os-quota-class-sets/{class}", "compute:quota-classes:update", Update);
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Set(call, call.Route("class")));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(QuotaJson.Wire.QuotaClassBody);
        if (body.Fault is { } malformed) return malformed;
        if (call.Route("class") != DefaultClass) return new Fault.Invalid("class", $"Only the class '{DefaultClass}' has projects.");
        var wish = QuotaWish.Read(
            body.Value.QuotaClassSet, kernel.Quotas.Of(ComputeQuotas.Service), name => QuotaWish.InClasses(name, call.Version), forceable: false);
        if (wish.Fault is { } wrong) return wrong;
        var changed = await kernel.Queue.Write<Done>(
            "quota-class.update",
            call.Origin,
            tx =>
            {
                foreach (var (name, limit) in wish.Value.Limits) kernel.Quotas.SetDefault(tx, ComputeQuotas.Service, name, limit);
                tx.Record(
                    "compute-quota-class", DefaultClass, null, Change.Updated, new QuotaDocument(DefaultClass, wish.Value.Limits), QuotaJson.Wire.QuotaDocument);
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(changed, _ => Set(call, null));
    }

    private Answer Set(Call call, string? id)
    {
        var defaults = kernel.Database.Read(session => kernel.Quotas.Defaults(session, ComputeQuotas.Service));
        return Render.Object(200, "quota_class_set", json =>
        {
            if (id is not null) json.WriteString("id", id);
            foreach (var (name, limit) in defaults.Where(quota => QuotaWish.InClasses(quota.Key, call.Version))) json.WriteNumber(name, limit);
        });
    }
}
