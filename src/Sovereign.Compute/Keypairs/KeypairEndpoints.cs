using System.Globalization;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Keypairs;

/// <summary>Routes of key pairs.</summary>
internal sealed class KeypairEndpoints(KeypairService keypairs)
{
    private const int PageItemsMax = 1000;

    public void Map(BothRoutes api)
    {
        api.Get("/os-keypairs", "compute:keypairs:list", List);
        api.Post("/os-keypairs", "compute:keypairs:create", Create);
        api.Get("/os-keypairs/{name}", "compute:keypairs:show", Show);
        api.Delete("/os-keypairs/{name}", "compute:keypairs:delete", Delete);
    }

    private Task<Answer> List(Call call)
    {
        var user = KeypairService.UserOf(call.Access, call.Query("user_id"), call.Version);
        if (user.Fault is { } foreign) return Task.FromResult<Answer>(foreign);
        var (limit, marker) = (PageItemsMax, "");
        if (call.Version.Has(35))
        {
            var text = call.Query("limit");
            if (text is not null && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit))
            {
                return Task.FromResult<Answer>(new Fault.Invalid("limit", "limit param must be an integer that is not negative"));
            }

            limit = Math.Min(limit, PageItemsMax);
            marker = call.Query("marker") ?? "";
            if (marker.Length > 0 && keypairs.Find(call.Access, user.Value, marker, call.Version).Fault is not null)
            {
                return Task.FromResult<Answer>(new Fault.Invalid("marker", $"marker [{marker}] not found"));
            }
        }

        var rows = keypairs.List(user.Value, marker, limit + 1);
        var more = rows.Count > limit;
        if (more) rows.RemoveAt(rows.Count - 1);
        var next = more && rows.Count > 0 ? Next(call, limit, rows[^1].Name) : null;
        return Task.FromResult(Render.List("keypairs", rows, (json, row) => KeypairView.Listed(json, row, call.Version), next));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(KeypairJson.Wire.KeypairCreateBody);
        if (body.Fault is { } wrong) return wrong;
        var made = await keypairs.Create(call.Access, body.Value.Keypair, call.Version, call.Stop);
        return Answer.Of(made, key => Render.Object(
            call.Version.Has(2) ? 201 : 200, "keypair", json => KeypairView.Made(json, key.Row, key.PrivateKey, call.Version)));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(
        keypairs.Find(call.Access, call.Query("user_id"), call.Route("name"), call.Version),
        row => Render.Object(200, "keypair", json => KeypairView.Shown(json, row, call.Version))));

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await keypairs.Delete(call.Access, call.Query("user_id"), call.Route("name"), call.Version, call.Stop),
        _ => Answer.Empty(call.Version.Has(2) ? 204 : 202));

    private static string Next(Call call, int limit, string marker)
    {
        var user = call.Query("user_id") is { } id ? "user_id=" + Uri.EscapeDataString(id) + "&" : "";
        return $"{call.Link("/os-keypairs")}?{user}limit={limit.ToString(CultureInfo.InvariantCulture)}&marker={Uri.EscapeDataString(marker)}";
    }
}
