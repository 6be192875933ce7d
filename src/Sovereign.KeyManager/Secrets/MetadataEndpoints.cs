using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Secrets;

/// <summary>Routes of the user's pairs of a secret.</summary>
internal sealed class MetadataEndpoints(KernelServices kernel, SecretService secrets)
{
    private const int TextLengthMax = 255;

    public void Map(Routes api)
    {
        api.Get("/secrets/{id}/metadata", "key-manager:secret-metadata:show", call => Task.FromResult(Answer.Of(
            Read(call), pairs => Render.Json(200, json =>
            {
                json.WriteStartObject();
                json.Texts("metadata", pairs);
                json.WriteEndObject();
            }))));
        api.Put("/secrets/{id}/metadata", "key-manager:secret-metadata:replace", Replace);
        api.Post("/secrets/{id}/metadata", "key-manager:secret-metadata:create", Add);
        api.Get("/secrets/{id}/metadata/{key}", "key-manager:secret-metadata:show", call => Task.FromResult(Answer.Of(
            Read(call).Then<string>(pairs => pairs.TryGetValue(call.Route("key"), out var value) ? Outcome.Of(value) : Missing()),
            value => Pair(200, call.Route("key"), value))));
        api.Put("/secrets/{id}/metadata/{key}", "key-manager:secret-metadata:update", Update);
        api.Delete("/secrets/{id}/metadata/{key}", "key-manager:secret-metadata:delete", async call => Answer.Of(
            await Change(call, pairs => pairs.Remove(call.Route("key")) ? null : Missing()), _ => Answer.Empty(204)));
    }

    private async Task<Answer> Replace(Call call)
    {
        var body = await call.Body(SecretJson.Wire.MetadataWish);
        if (body.Fault is { } malformed) return malformed;
        var wanted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in body.Value.Metadata)
        {
            if (value.ValueKind != JsonValueKind.String) return new Fault.Invalid(key, "Invalid Metadata. Keys and Values must be Strings.");
            if (Wrong(key, value.GetString()!) is { } wrong) return wrong;
            wanted[key.ToLowerInvariant()] = value.GetString()!;
        }

        var url = call.Link($"/secrets/{call.Route("id")}/metadata");
        return Answer.Of(await Change(call, pairs =>
        {
            pairs.Clear();
            foreach (var (key, value) in wanted) pairs[key] = value;
            return null;
        }), _ => Written.Made(201, "metadata_ref", url));
    }

    private async Task<Answer> Add(Call call)
    {
        var body = await call.Body(SecretJson.Wire.MetadatumWish);
        if (body.Fault is { } malformed) return malformed;
        if (Wrong(body.Value.Key, body.Value.Value) is { } wrong) return wrong;
        var (key, value) = (body.Value.Key.ToLowerInvariant(), body.Value.Value);
        return Answer.Of(
            await Change(call, pairs => pairs.TryAdd(key, value) ? null : new Fault.Conflict("Conflict. Key in request is already in the secret metadata")),
            _ => Pair(201, key, value).With("Location", call.Link($"/secrets/{call.Route("id")}/metadata/{key}")));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(SecretJson.Wire.MetadatumWish);
        if (body.Fault is { } malformed) return malformed;
        if (Wrong(body.Value.Key, body.Value.Value) is { } wrong) return wrong;
        var (key, value) = (body.Value.Key.ToLowerInvariant(), body.Value.Value);
        return Answer.Of(await Change(call, pairs =>
        {
            if (!pairs.ContainsKey(call.Route("key"))) return Missing();
            if (key != call.Route("key")) return new Fault.Conflict("Key in request data does not match key in the request url.");
            pairs[key] = value;
            return null;
        }), _ => Pair(200, key, value));
    }

    private Outcome<SortedDictionary<string, string>> Read(Call call) => kernel.Database.Read(session =>
        secrets.Find(session, call.Access, call.Route("id"), reading: true, "Secret metadata retrieval").Map(row => SecretJson.Pairs(row.Metadata)));

    private Task<Outcome<Done>> Change(Call call, Func<SortedDictionary<string, string>, Fault?> change) =>
        kernel.Queue.Write<Done>("key-secret.metadata", call.Origin, (Tx tx) =>
        {
            var found = secrets.Find(tx, call.Access, call.Route("id"), reading: false, "Secret metadata update");
            if (found.Fault is { } missing) return missing;
            var pairs = SecretJson.Pairs(found.Value.Metadata);
            if (change(pairs) is { } wrong) return wrong;
            SecretService.Save(tx, found.Value with { Metadata = SecretJson.Text(pairs) });
            return Done.Value;
        }, call.Stop);

    private static Fault? Wrong(string key, string value)
    {
        if (!key.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-')) return new Fault.Invalid("key", "Invalid Key. Key must be URL safe.");
        if (key.Length == 0) return KeyFaults.Mismatch("SecretMetadatum", "'' is too short", "key");
        return KeyFaults.TooLong("SecretMetadatum", "key", key, TextLengthMax) ?? KeyFaults.TooLong("SecretMetadatum", "value", value, TextLengthMax);
    }

    private static Fault.NotFound Missing() => KeyFaults.Missing("Secret metadata not found.");

    private static Answer Pair(int status, string key, string value) => Render.Json(status, json =>
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WriteString("value", value);
        json.WriteEndObject();
    });
}
