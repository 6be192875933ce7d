using Sovereign.Image.Images;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Members;

internal sealed class MemberEndpoints(MemberService service)
{
    public void Map(Routes api)
    {
        api.Get("/images/{id}/members", "image:members:list", List);
        api.Post("/images/{id}/members", "image:members:create", Create);
        api.Get("/images/{id}/members/{member}", "image:members:show", Show);
        api.Put("/images/{id}/members/{member}", "image:members:update", Update);
        api.Delete("/images/{id}/members/{member}", "image:members:delete", Delete);
    }

    private Task<Answer> List(Call call) => Task.FromResult(Answer.Of(service.List(call.Access, call.Route("id")), members =>
        Answer.Json(200, new MemberList(members.Select(MemberView.From).ToList(), "/v2/schemas/members"), ImageJson.Wire.MemberList)));

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(service.Show(call.Access, call.Route("id"), call.Route("member")), Render));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ImageJson.Wire.MemberCreate);
        return body.Fault is { } wrong ? wrong : Answer.Of(await service.Create(call.Access, call.Route("id"), body.Value.Member, call.Stop), Render);
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(ImageJson.Wire.MemberUpdate);
        return body.Fault is { } wrong ? wrong : Answer.Of(await service.Update(call.Access, call.Route("id"), call.Route("member"), body.Value.Status, call.Stop), Render);
    }

    private async Task<Answer> Delete(Call call) =>
        Answer.Of(await service.Delete(call.Access, call.Route("id"), call.Route("member"), call.Stop), _ => Answer.Empty(204));

    private static Answer Render(MemberRow row) => Answer.Json(200, MemberView.From(row), ImageJson.Wire.MemberView);
}
