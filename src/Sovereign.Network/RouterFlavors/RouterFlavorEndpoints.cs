using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.RouterFlavors;

internal sealed class RouterFlavorEndpoints(KernelServices kernel, RouterFlavorService flavors, ServiceProfileService profiles)
{
    private const string Joined = "/v2.0/flavors/{id}/service_profiles";

    private static readonly Envelope<RouterFlavorBody, RouterFlavorWish> envelope = new(
        NetworkJson.Wire.RouterFlavorBody, body => (body.Flavor, body.Flavors));

    private static readonly Envelope<ServiceProfileBody, ServiceProfileWish> profileEnvelope = new(
        NetworkJson.Wire.ServiceProfileBody, body => (body.ServiceProfile, body.ServiceProfiles));

    public void Map(Routes api)
    {
        new RoomRoutes<RouterFlavorRow, RouterFlavorView>(api, kernel, RouterFlavorService.Room)
            .List().Show().Create(envelope, flavors.Create).Update(envelope, RouterFlavorService.Update).Delete(flavors.Delete);
        new RoomRoutes<ServiceProfileRow, ServiceProfileView>(api, kernel, ServiceProfileService.Room)
            .List().Show().Create(profileEnvelope, profiles.Create).Update(profileEnvelope, ServiceProfileService.Update).Delete(profiles.Delete);
        api.Post(Joined, "network:flavor_service_profiles:create", Join);
        api.Delete(Joined + "/{profile}", "network:flavor_service_profiles:delete", Part);
    }

    private async Task<Answer> Join(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.ProfileChoiceBody);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(
            await kernel.Queue.Write<Done>(
                "flavor.add_profile", call.Origin, tx => RouterFlavorService.Join(tx, call.Route("id"), body.Value.ServiceProfile.Id), call.Stop),
            _ => Answer.Json(201, body.Value, NetworkJson.Wire.ProfileChoiceBody));
    }

    private async Task<Answer> Part(Call call) => Answer.Of(
        await kernel.Queue.Write<Done>(
            "flavor.remove_profile", call.Origin, tx => RouterFlavorService.Part(tx, call.Route("id"), call.Route("profile")), call.Stop),
        _ => Answer.Empty(204));
}
