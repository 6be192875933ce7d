using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Transfers;

internal sealed record TransferBody(TransferWish Transfer);

internal sealed record TransferWish(string VolumeId, string? Name = null, JsonElement? NoSnapshots = null);

internal sealed record AcceptBody(AcceptWish Accept);

internal sealed record AcceptWish(string AuthKey);

[JsonSerializable(typeof(TransferBody))]
[JsonSerializable(typeof(AcceptBody))]
[JsonSerializable(typeof(TransferDocument))]
internal sealed partial class TransferJson : JsonSerializerContext
{
    public static readonly TransferJson Wire = new(WireJson.Options());
}

/// <summary>Routes of transfers, under the name of their extension and, from 3.55 on, under their own.</summary>
internal sealed class TransferEndpoints(KernelServices kernel, TransferService transfers)
{
    private const string Old = "os-volume-transfer";
    private const string New = "volume-transfers";

    public void Map(BothRoutes api)
    {
        Map(api, Old, 0);
        Map(api, New, 55);
    }

    private void Map(BothRoutes api, string name, int since)
    {
        Func<Call, Task<Answer>> From(Func<Call, Task<Answer>> handler) => call => call.Version.Has(since) ? handler(call) : Task.FromResult(Reading.Unrouted(call));
        api.Get($"/{name}", "volume:transfers:list", From(call => Task.FromResult(List(call, detail: false))));
        api.Get($"/{name}/detail", "volume:transfers:list", From(call => Task.FromResult(List(call, detail: true))));
        api.Post($"/{name}", "volume:transfers:create", From(Create));
        api.Get($"/{name}/{{id}}", "volume:transfers:show", From(call => Task.FromResult(Answer.Of(
            kernel.Database.Read(session => TransferService.Find(session, call.Access, call.Route("id"))),
            row => Render.Object(200, "transfer", json => View(json, call, row, detail: true))))));
        api.Delete($"/{name}/{{id}}", "volume:transfers:delete", From(async call =>
            Answer.Of(await transfers.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(202))));
        api.Post($"/{name}/{{id}}/accept", "volume:transfers:accept", From(Accept));
    }

    private Answer List(Call call, bool detail)
    {
        var request = Lists.Request(call, TransferStore.Shape, "r");
        if (request.Fault is { } wrong) return wrong;
        request.Value.Where("r.accepted = 0");
        var page = kernel.Database.Read(session => Lists.Page<TransferRow>(session, request.Value, "r.*", TransferService.Missing));
        return Answer.Of(page, rows => Lists.Answered(call, "transfers", request.Value, rows.Items, row => row.Id, (json, row) => View(json, call, row, detail)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(TransferJson.Wire.TransferBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Transfer;
        var without = Reading.Flag("no_snapshots", call.Version.Has(55) ? wish.NoSnapshots : null);
        if (without.Fault is { } wrong) return wrong;
        if (Reading.TooLong("name", wish.Name) is { } text) return text;
        var made = await transfers.Create(call.Access, wish.VolumeId, wish.Name, without.Value, call.Version.Has(70), call.Stop);
        return Answer.Of(made, pair => Render.Object(202, "transfer", json =>
        {
            View(json, call, pair.Row, detail: true);
            json.WriteString("auth_key", pair.Key);
        }));
    }

    private async Task<Answer> Accept(Call call)
    {
        var body = await call.Body(TransferJson.Wire.AcceptBody);
        if (body.Fault is { } malformed) return malformed;
        return Answer.Of(
            await transfers.Accept(call.Access, call.Route("id"), body.Value.Accept.AuthKey, call.Stop),
            row => Render.Object(202, "transfer", json => View(json, call, row, detail: false)));
    }

    private static void View(Utf8JsonWriter json, Call call, TransferRow row, bool detail)
    {
        var own = call.Http.Request.Path.Value?.Contains(New, StringComparison.Ordinal) == true;
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
        json.WriteString("volume_id", row.VolumeId);
        if (detail)
        {
            json.WriteString("created_at", Micros.ToMicrosBare(row.CreatedAt));
            if (own) json.WriteBoolean("no_snapshots", row.NoSnapshots);
            if (own && call.Version.Has(57))
            {
                json.WriteString("source_project_id", row.ProjectId);
                json.WriteString("destination_project_id", row.DestinationProjectId);
                json.WriteBoolean("accepted", row.Accepted);
            }
        }

        Lists.Links(json, call, call.Access.Caller.ProjectId ?? row.ProjectId, $"{(own ? New : Old)}/{row.Id}");
    }
}
