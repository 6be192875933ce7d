using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers;

/// <summary>The route by which other services tell of what happened to a server. Networks here tell compute in their own transactions, so a word from outside only
/// makes the server looked at again.</summary>
internal sealed class ExternalEventEndpoints(KernelServices kernel)
{
    private const int EventsMax = 1000;
    private static readonly string[] network = ["network-vif-plugged", "network-vif-unplugged", "network-vif-deleted", "network-changed"];
    private static readonly (string Name, int Since)[] others =
        [("volume-extended", 51), ("power-update", 76), ("accelerator-request-bound", 82), ("volume-reimaged", 93)];

    public void Map(BothRoutes api) => api.Post("/os-server-external-events", "compute:external-events:create", Create);

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ServerJson.Wire.ExternalEventsBody);
        if (body.Fault is { } malformed) return malformed;
        var asked = body.Value.Events;
        if (asked.Count is 0 or > EventsMax) return new Fault.Invalid("events", "Invalid input for field/attribute events. It is a list of events.");
        foreach (var one in asked)
        {
            if (!network.Contains(one.Name) && !others.Any(other => other.Name == one.Name && call.Version.Has(other.Since)))
            {
                return new Fault.Invalid("name", "Invalid input for field/attribute name. There is no such event.");
            }

            if (one.Status is not (null or "completed" or "failed" or "in-progress")) return new Fault.Invalid("status", "Invalid input for field/attribute status.");
            if (Guid.TryParse(one.ServerUuid, out _)) continue;
            return new Fault.Invalid("server_uuid", "Invalid input for field/attribute server_uuid. It is the UUID of a server.");
        }

        var done = await kernel.Queue.Write<List<int>>(
            "server.external-event",
            call.Origin,
            tx => asked.ConvertAll(one =>
            {
                if (ServerStore.Find(tx, one.ServerUuid) is not { } row) return 404;
                if (row.NodeId is null) return 422;
                if (!network.Contains(one.Name)) return 400;
                tx.Due("server", row.Id);
                return 200;
            }),
            call.Stop);
        if (done.Fault is { } trouble) return trouble;
        var codes = done.Value;
        if (codes.TrueForAll(code => code != 200)) return Wire.NotFound("No instances found for any event");
        return Render.Json(codes.TrueForAll(code => code == 200) ? 200 : 207, json => Write(json, asked, codes));
    }

    private static void Write(Utf8JsonWriter json, List<ExternalEvent> asked, List<int> codes)
    {
        json.WriteStartObject();
        json.WriteStartArray("events");
        foreach (var (one, code) in asked.Zip(codes))
        {
            json.WriteStartObject();
            json.WriteString("name", one.Name);
            json.WriteString("server_uuid", one.ServerUuid);
            json.WriteString("status", code == 200 ? one.Status ?? "completed" : "failed");
            if (one.Tag is not null) json.WriteString("tag", one.Tag);
            json.WriteNumber("code", code);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
