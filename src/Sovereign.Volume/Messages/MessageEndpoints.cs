using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Messages;

/// <summary>Routes of messages, which are there from 3.3 on.</summary>
internal sealed class MessageEndpoints(KernelServices kernel)
{
    public void Map(BothRoutes api)
    {
        api.Get("/messages", "volume:messages:list", call => Task.FromResult(call.Version.Has(3) ? List(call) : Reading.Unrouted(call)));
        api.Get("/messages/{id}", "volume:messages:show", call => Task.FromResult(call.Version.Has(3) ? Show(call) : Reading.Unrouted(call)));
        api.Delete("/messages/{id}", "volume:messages:delete", call => call.Version.Has(3) ? Delete(call) : Task.FromResult(Reading.Unrouted(call)));
    }

    private Answer List(Call call)
    {
        var request = Lists.Request(call, MessageStore.Shape, "m");
        if (request.Fault is { } wrong) return wrong;
        var page = kernel.Database.Read(session => Lists.Page<MessageRow>(session, request.Value, "m.*", Missing));
        return Answer.Of(page, rows => Lists.Answered(call, "messages", request.Value, rows.Items, row => row.Id, (json, row) => View(json, call, row)));
    }

    private Answer Show(Call call) => kernel.Database.Read(session => MessageStore.Find(session, call.Route("id"))) is { } row && call.Access.Covers(row.ProjectId)
        ? Render.Object(200, "message", json => View(json, call, row))
        : Missing(call.Route("id"));

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await kernel.Queue.Write<Done>(
            "volume-message.delete",
            call.Origin,
            tx =>
            {
                if (MessageStore.Find(tx, call.Route("id")) is not { } row || !call.Access.Covers(row.ProjectId)) return Missing(call.Route("id"));
                MessageStore.Delete(tx, row.Id);
                return Done.Value;
            },
            call.Stop),
        _ => Answer.Empty(204));

    private static Fault Missing(string id) => new Fault.NotFound("Message", id);

    private static void View(Utf8JsonWriter json, Call call, MessageRow row)
    {
        json.WriteString("id", row.Id);
        json.WriteString("event_id", row.EventId);
        json.WriteString("user_message", row.Text);
        json.WriteString("message_level", "ERROR");
        json.TimeOrNull("created_at", row.CreatedAt);
        json.TimeOrNull("guaranteed_until", row.ExpiresAt);
        json.WriteString("request_id", row.RequestId);
        json.WriteString("resource_type", row.ResourceType);
        json.WriteString("resource_uuid", row.ResourceId);
        Lists.Links(json, call, row.ProjectId, "messages/" + row.Id);
    }
}
