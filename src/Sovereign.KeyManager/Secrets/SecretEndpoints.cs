using System.Text;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Acls;
using Sovereign.KeyManager.Consumers;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Secrets;

/// <summary>Routes of secrets and their payloads.</summary>
internal sealed class SecretEndpoints(KernelServices kernel, SecretService secrets)
{
    private static readonly UTF8Encoding strictText = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public void Map(Routes api)
    {
        api.Get("/secrets", "key-manager:secrets:list", call => Task.FromResult(List(call)));
        api.Post("/secrets", "key-manager:secrets:create", Create);
        api.Get("/secrets/{id}", "key-manager:secrets:show", call => Task.FromResult(WantsJson(call) ? Shown(kernel, secrets, call, call.Route("id")) : Payload(call)));
        api.Get("/secrets/{id}/payload", "key-manager:secrets:decrypt", call => Task.FromResult(Payload(call)));
        api.Put("/secrets/{id}", "key-manager:secrets:fill", Fill);
        api.Delete("/secrets/{id}", "key-manager:secrets:delete", Delete);
    }

    /// <summary>One secret as it is shown, for a caller who may read it.</summary>
    public static Answer Shown(KernelServices kernel, SecretService secrets, Call call, string id) => Answer.Of(
        kernel.Database.Read(session => secrets.Find(session, call.Access, id, reading: true, "Secret retrieval")
            .Map(row => (Row: row, Consumers: ConsumerStore.List(session, Acl.OfSecret, id)))),
        found => Render.Json(200, json =>
        {
            json.WriteStartObject();
            SecretView.Write(json, call, found.Row, found.Consumers);
            json.WriteEndObject();
        }));

    private Answer List(Call call)
    {
        if (Page.Wrong(call) is { } wrong) return wrong;
        var filter = SecretQuery.Of(call);
        if (filter.Fault is { } bad) return bad;
        var page = Page.Of(call);
        var (rows, total, consumers) = kernel.Database.Read(session =>
        {
            var (found, all) = SecretStore.List(session, call.Access.ProjectId, filter.Value, page, secrets.Now);
            return (found, all, ConsumerStore.Many(session, Acl.OfSecret, [.. found.Select(row => row.Id)]));
        });
        return page.List(call, "secrets", "secrets", rows, total, (json, row) => SecretView.Write(json, call, row, [.. consumers[row.Id]]));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(SecretJson.Wire.SecretWish);
        if (body.Fault is { } malformed) return malformed;
        var order = SecretOrders.Read(body.Value, secrets.Now);
        if (order.Fault is { } wrong) return wrong;
        var (row, payload) = order.Value;
        var made = await kernel.Queue.Write<SecretRow>(
            "key-secret.create", call.Origin,
            tx => secrets.Create(tx, row with { ProjectId = call.Access.ProjectId, CreatorId = call.Access.Caller.UserId }, payload), call.Stop);
        return Answer.Of(made, secret => Written.Made(201, "secret_ref", call.Link("/secrets/" + secret.Id)));
    }

    /// <summary>The second step: the payload of a secret that has none yet, as it is or as base64.</summary>
    private async Task<Answer> Fill(Call call)
    {
        var media = call.Http.Request.ContentType ?? "";
        if (PayloadTypes.Plain(media) is not (PayloadTypes.Text or PayloadTypes.Binary) || PayloadTypes.Plain(media) is not { } type)
        {
            return new Fault.UnsupportedMedia($"Content-Type of '{media}' is not supported for PUT.");
        }

        var raw = await call.Raw();
        if (raw.Fault is { } unread) return unread;
        if (raw.Value.IsEmpty) return new Fault.Invalid("", "No data supplied to process.");
        if (raw.Value.Length > SecretOrders.PayloadBytesMax) return SecretOrders.TooLarge;
        var payload = Decoded(raw.Value.ToArray(), type, call.Header("Content-Encoding"));
        if (payload.Fault is { } wrong) return wrong;
        var filled = await kernel.Queue.Write<SecretRow>(
            "key-secret.fill", call.Origin,
            tx => secrets.Find(tx, call.Access, call.Route("id"), reading: false, "Secret update").Then(row => secrets.Fill(tx, row, type, payload.Value)), call.Stop);
        return Answer.Of(filled, _ => Answer.Empty(204));
    }

    private static Outcome<byte[]> Decoded(byte[] raw, string type, string? encoding)
    {
        if (type == PayloadTypes.Text)
        {
            return IsText(raw) ? Outcome.Of(raw) : new Fault.Invalid("", "Unable to decode request data.");
        }

        if (string.IsNullOrEmpty(encoding) || encoding.Equals("binary", StringComparison.OrdinalIgnoreCase)) return Outcome.Of(raw);
        if (!encoding.Equals("base64", StringComparison.OrdinalIgnoreCase))
        {
            return new Fault.Invalid("", $"Secret Content-Encoding of '{encoding}' not supported.");
        }

        return PayloadTypes.FromBase64(Encoding.Latin1.GetString(raw)) is { Length: > 0 } bytes
            ? Outcome.Of(bytes) : new Fault.Invalid("", "Unable to decode request data.");
    }

    private Answer Payload(Call call)
    {
        var found = kernel.Database.Read(session => secrets.Find(session, call.Access, call.Route("id"), reading: true, "Secret payload retrieval")
            .Then(row => secrets.Open(session, row)));
        if (found.Fault is { } missing) return missing;
        var accept = call.Header("Accept") is { Length: > 0 } given ? given : PayloadTypes.Binary;
        // Several that the client takes: the first that a payload can have.
        var media = accept.Split(',').Select(one => PayloadTypes.Plain(one)).FirstOrDefault(one => one is not null);
        if (media is null || (media == PayloadTypes.Text && !IsText(found.Value))) return new Fault.NotAcceptable($"Secret Accept of '{accept}' not supported.");
        return Answer.Bytes(200, found.Value, media == PayloadTypes.Text ? "text/plain; charset=utf-8" : media);
    }

    private async Task<Answer> Delete(Call call)
    {
        var done = await kernel.Queue.Write<Done>("key-secret.delete", call.Origin, tx =>
        {
            var found = secrets.Find(tx, call.Access, call.Route("id"), reading: false, "Secret deletion");
            if (found.Fault is { } missing) return missing;
            if (found.Value.KeptFor is { } resource) return new Fault.Conflict($"The secret is the key of {resource}, whose content would be lost: it goes with it.");
            secrets.Delete(tx, found.Value);
            return Done.Value;
        }, call.Stop);
        return Answer.Of(done, _ => Answer.Empty(204));
    }

    private static bool IsText(byte[] bytes)
    {
        try
        {
            strictText.GetCharCount(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static bool WantsJson(Call call) => call.Header("Accept") is not { Length: > 0 } accept || accept.Split(',')
        .Any(one => one.Split(';')[0].Trim() is "application/json" or "*/*" or "application/*");
}
