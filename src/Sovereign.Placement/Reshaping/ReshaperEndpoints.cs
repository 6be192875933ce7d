using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Allocations;

namespace Sovereign.Placement.Reshaping;

internal sealed class ReshaperEndpoints(KernelServices kernel)
{
    private readonly ReshaperService service = new(kernel);

    public void Map(Routes api) => api.Post("/reshaper", "placement:reshaper:reshape", Reshape);

    private async Task<Answer> Reshape(Call call)
    {
        if (call.Version < PlacementVersions.Reshaper) return new Fault.NotFound("The resource", "reshaper");
        var body = await call.Body(ReshaperJson.Wire.ReshapeBody);
        if (body.Fault is { } wrong) return wrong;
        if (body.Value.Inventories.Values.Any(put => put is null || put.Inventories.ContainsValue(null!)))
        {
            return new Fault.Invalid("inventories", "JSON does not validate: None is not of type 'object'");
        }
        foreach (var put in body.Value.Allocations.Values)
        {
            if (AllocationEndpoints.Refusal(put, call.Version) is { } refused) return refused;
        }

        var wishes = body.Value.Allocations.Select(a => AllocationService.Wish(a.Key, a.Value, generations: true)).ToList();
        return Answer.Of(await service.Reshape(call.Origin, body.Value.Inventories, wishes, call.Stop), _ => Answer.Empty(204));
    }
}
