using Sovereign.Image.Imports;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Images;

internal sealed class ImageEndpoints(KernelServices kernel, ImageService service, ImportOptions import)
{
    private const string ImportHeader = "OpenStack-image-import-methods";
    private const string StoresHeader = "OpenStack-image-store-ids";

    public void Map(Routes api)
    {
        api.Get("/images", "image:images:list", List);
        api.Post("/images", "image:images:create", Create);
        api.Get("/images/{id}", "image:images:show", Show);
        api.Patch("/images/{id}", "image:images:update", Patch);
        api.Delete("/images/{id}", "image:images:delete", Delete);
        api.Post("/images/{id}/actions/deactivate", "image:images:deactivate", call => Move(call, ImageStatus.Deactivated));
        api.Post("/images/{id}/actions/reactivate", "image:images:reactivate", call => Move(call, ImageStatus.Active));
        api.Put("/images/{id}/tags/{tag}", "image:tags:update", call => Tag(call, present: true));
        api.Delete("/images/{id}/tags/{tag}", "image:tags:delete", call => Tag(call, present: false));
    }

    private Task<Answer> List(Call call)
    {
        var parsed = ImageQuery.Parse(call.Http.Request.Query, call.Access);
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        var page = kernel.Database.Read(session => ListSql.Page<ImageRow>(session, parsed.Value, "i.*").Map(found =>
            new Page<ImageWhole>(ImageStore.Whole(session, found.Items), found.More)));
        return Task.FromResult(Answer.Of(page, found =>
        {
            // Clients follow these relative to the service, without our prefix.
            var query = call.Http.Request.QueryString.Value ?? "";
            var next = PageLinks.Next(call, parsed.Value, found, image => image.Row.Id);
            var list = new ImageList(
                found.Items.Select(ImageView.From).ToList(), "/v2/images" + query, "/v2/schemas/images", next is null ? null : "/v2/images" + next[next.IndexOf('?', StringComparison.Ordinal)..]);
            return Answer.Json(200, list, ImageJson.Wire.ImageList);
        }));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ImageJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(await service.Create(call.Access, body.Value, call.Stop), image => Render(image, 201)
            .With("Location", call.Link("/images/" + image.Row.Id))
            .With(ImportHeader, string.Join(',', import.Methods))
            .With(StoresHeader, ImageView.StoreId));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(service.Show(call.Access, call.Route("id")), image => Render(image)));

    private async Task<Answer> Patch(Call call)
    {
        var media = (call.Http.Request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        if (media is not (ImagePatch.Media or ImagePatch.OldMedia))
        {
            return new Fault.UnsupportedMedia($"Unsupported Content-Type: a patch is {ImagePatch.Media} or {ImagePatch.OldMedia}.");
        }

        call.Http.Request.ContentType = "application/json";
        var body = await call.Body(ImageJson.Wire.ListJsonElement);
        if (body.Fault is { } wrong) return wrong;
        var changes = ImagePatch.Read(body.Value, media == ImagePatch.OldMedia);
        return changes.Fault is { } bad ? bad : Answer.Of(await service.Patch(call.Access, call.Route("id"), changes.Value, call.Stop), image => Render(image));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await service.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private async Task<Answer> Move(Call call, string to) => Answer.Of(await service.Move(call.Access, call.Route("id"), to, call.Stop), _ => Answer.Empty(204));

    private async Task<Answer> Tag(Call call, bool present) =>
        Answer.Of(await service.Tag(call.Access, call.Route("id"), call.Route("tag"), present, call.Stop), _ => Answer.Empty(204));

    private static Answer Render(ImageWhole image, int status = 200) => Answer.Json(status, ImageView.From(image), ImageJson.Wire.ImageView);
}
