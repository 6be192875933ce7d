using Sovereign.Image.Content;
using Sovereign.Image.Images;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Imports;

internal sealed class ImportEndpoints(ImportService imports, StageService stages, ImportOptions options)
{
    public void Map(Routes api)
    {
        api.Put("/images/{id}/stage", "image:images:stage", Stage);
        api.Post("/images/{id}/import", "image:images:import", Import);
        api.Get("/info/import", "image:info:show", _ => Task.FromResult(Answer.Json(
            200, new ImportInfo(new ImportMethodInfo("Import methods available.", "array", options.Methods)), ImageJson.Wire.ImportInfo)));
    }

    private async Task<Answer> Stage(Call call)
    {
        if (ContentEndpoints.Prepare(call) is { } refused) return refused;
        var request = call.Http.Request;
        return Answer.Of(
            await stages.Stage(call.Access, call.Route("id"), request.Body, request.ContentLength, call.Http.RequestAborted), _ => Answer.Empty(204));
    }

    private async Task<Answer> Import(Call call)
    {
        var body = await call.Body(ImageJson.Wire.ImportBody);
        return body.Fault is { } wrong
            ? wrong
            : Answer.Of(await imports.Begin(call.Access, call.Route("id"), body.Value, call.Stop), _ => Answer.Empty(202));
    }
}
