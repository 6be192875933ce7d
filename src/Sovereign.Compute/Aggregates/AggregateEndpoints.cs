using System.Globalization;
using System.Text.Json;
using Sovereign.Compute.Hosts;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Aggregates;

/// <summary>Routes of aggregates.</summary>
internal sealed class AggregateEndpoints(AggregateService aggregates, HostService hosts)
{
    public void Map(BothRoutes api)
    {
        api.Get("/os-aggregates", "compute:aggregates:list", call => Task.FromResult(
            Render.List("aggregates", aggregates.List(), (json, aggregate) => View(json, aggregate, call.Version))));
        api.Post("/os-aggregates", "compute:aggregates:create", Create);
        api.Get("/os-aggregates/{id}", "compute:aggregates:show", call => Task.FromResult(Number(call) is { } number ? One(call, aggregates.Find(number)) : NoNumber));
        api.Put("/os-aggregates/{id}", "compute:aggregates:update", Update);
        api.Delete("/os-aggregates/{id}", "compute:aggregates:delete", Delete);
        api.Post("/os-aggregates/{id}/action", "compute:aggregates:action", Act);
        api.Post("/os-aggregates/{id}/images", "compute:aggregates:images", Cache);
    }

    private static Answer NoNumber => new Fault.Invalid("id", "Invalid input received: id must be an integer");

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(AggregateJson.Wire.AggregateBody);
        if (body.Fault is { } wrong) return wrong;
        var made = await aggregates.Create(call.Access, body.Value.Aggregate, call.Stop);
        return Answer.Of(made, aggregate => Render.Object(200, "aggregate", json => Row(json, aggregate.Row, call.Version)));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(AggregateJson.Wire.AggregateBody);
        if (body.Fault is { } wrong) return wrong;
        if (Number(call) is not { } number) return NoNumber;
        var asked = body.Value.Aggregate;
        if (!asked.Name.Given && !asked.AvailabilityZone.Given) return new Fault.Invalid("aggregate", "name or availability_zone is expected.");
        return One(call, await aggregates.Update(call.Access, number, asked, call.Stop));
    }

    private async Task<Answer> Delete(Call call) =>
        Number(call) is { } number ? Answer.Of(await aggregates.Delete(call.Access, number, call.Stop), _ => Answer.Empty(200)) : NoNumber;

    private async Task<Answer> Act(Call call)
    {
        var body = await call.Body(AggregateJson.Wire.AggregateActionBody);
        if (body.Fault is { } wrong) return wrong;
        if (Number(call) is not { } number) return NoNumber;
        return body.Value switch
        {
            { AddHost: { } added, RemoveHost: null, SetMetadata: null } => One(call, await aggregates.SetHost(call.Access, number, added.Host, true, call.Stop)),
            { AddHost: null, RemoveHost: { } removed, SetMetadata: null } => One(call, await aggregates.SetHost(call.Access, number, removed.Host, false, call.Stop)),
            { AddHost: null, RemoveHost: null, SetMetadata: { } set } => One(call, await aggregates.SetMetadata(call.Access, number, set.Metadata, call.Stop)),
            _ => new Fault.Invalid("", "One of add_host, remove_host and set_metadata is expected."),
        };
    }

    /// <summary>Checked as the API says and then refused: a node has an image as long as one of its servers stands on it, so nothing is kept for later.</summary>
    private async Task<Answer> Cache(Call call)
    {
        if (!call.Version.Has(81)) return Wire.NotFound("The resource could not be found.");
        var body = await call.Body(AggregateJson.Wire.AggregateImages);
        if (body.Fault is { } wrong) return wrong;
        if (Number(call) is not { } number) return NoNumber;
        if (body.Value.Cache.Count == 0) return new Fault.Invalid("cache", "Invalid input for field/attribute cache. [] is too short.");
        var found = aggregates.Find(number);
        return found.Fault ?? new Fault.NotImplemented(
            "Nodes fetch an image when a server needs it and keep it as long as a server stands on it: none is fetched before.");
    }

    private static long? Number(Call call) =>
        long.TryParse(call.Route("id"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private Answer One(Call call, Outcome<Aggregate> found) =>
        Answer.Of(found, aggregate => Render.Object(200, "aggregate", json => View(json, aggregate, call.Version)));

    private void View(Utf8JsonWriter json, Aggregate aggregate, Microversion version)
    {
        Row(json, aggregate.Row, version);
        json.WriteStartArray("hosts");
        foreach (var node in aggregate.Nodes) json.WriteStringValue(hosts.Find(node)?.Node.HostName ?? node);
        json.WriteEndArray();
        json.Texts("metadata", aggregate.Row.MetadataMap());
    }

    /// <summary>What the answer to a creation has too.</summary>
    private static void Row(Utf8JsonWriter json, AggregateRow row, Microversion version)
    {
        json.WriteNumber("id", row.Number);
        json.WriteString("name", row.Name);
        json.WriteString("availability_zone", row.Zone());
        json.WriteString("created_at", Micros.ToMicrosBare(row.CreatedAt));
        json.WriteString("updated_at", row.UpdatedAt == 0 ? null : Micros.ToMicrosBare(row.UpdatedAt));
        json.WriteBoolean("deleted", false);
        json.WriteNull("deleted_at");
        if (version.Has(41)) json.WriteString("uuid", row.Id);
    }
}
