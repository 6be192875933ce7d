using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Limits;

/// <summary>Unified limits; both kinds are made many at a time.</summary>
internal sealed class LimitEndpoints(House house, RegisteredLimitService registered, LimitService limits)
{
    private static readonly Envelope<RegisteredLimitBody, RegisteredLimitWrite> registeredEnvelope =
        new(LimitJson.Wire.RegisteredLimitBody, body => body.RegisteredLimit);

    private static readonly Envelope<LimitBody, LimitWrite> envelope = new(LimitJson.Wire.LimitBody, body => body.Limit);

    public void Map(Routes api)
    {
        new RoomRoutes<RegisteredLimitRow, RegisteredLimitView>(api, house, RegisteredLimitService.Room)
            .List((_, request) => RegisteredLimitService.Room.Page(house, request))
            .Show((_, id) => house.Kernel.Database.Read(session => RegisteredLimitService.Room.Found(session, id)))
            .Update(registeredEnvelope, registered.Update).Delete(registered.Delete);
        api.Post("/registered_limits", "identity:create_registered_limits", CreateRegistered);
        // Before the single limits: "model" is no id.
        api.Get("/limits/model", "identity:get_limit_model", _ => Task.FromResult(Answer.Json(
            200, new ModelAnswer(new("flat", "Limit enforcement and validation does not take project hierarchy into consideration.")),
            LimitJson.Wire.ModelAnswer)));
        new RoomRoutes<LimitRow, LimitView>(api, house, LimitService.Room)
            .List((call, request) => limits.List(call.Access, request)).Show(limits.Show).Update(envelope, limits.Update).Delete(limits.Delete);
        api.Post("/limits", "identity:create_limits", Create);
    }

    private async Task<Answer> CreateRegistered(Call call)
    {
        var body = await call.Body(LimitJson.Wire.RegisteredLimitsBody);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(await registered.Create(call.Access, body.Value.RegisteredLimits, call.Stop), rows => Answer.Json(
            201, new RegisteredLimitsAnswer([.. rows.Select(row => RegisteredLimitView.From(row, house))]), LimitJson.Wire.RegisteredLimitsAnswer));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(LimitJson.Wire.LimitsBody);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(await limits.Create(call.Access, body.Value.Limits, call.Stop), rows => Answer.Json(
            201, new LimitsAnswer([.. rows.Select(row => LimitView.From(row, house))]), LimitJson.Wire.LimitsAnswer));
    }
}
