using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Volume.Wire;

/// <summary>The routes of a resource's metadata, which volumes and snapshots have alike.</summary>
/// <param name="collection">"/volumes".</param>
/// <param name="rules">"volume:metadata": what ":list" and ":change" of the access table begin with.</param>
/// <param name="read">The pairs of the resource of a call.</param>
/// <param name="write">Changes them, and gives what they are then.</param>
internal sealed class PairRoutes(
    string collection, string rules, Func<Call, Outcome<Dictionary<string, string>>> read,
    Func<Call, Func<Dictionary<string, string>, Outcome<Dictionary<string, string>>>, Task<Outcome<Dictionary<string, string>>>> write)
{
    public void Map(BothRoutes api)
    {
        var all = collection + "/{id}/metadata";
        api.Get(all, rules + ":list", call => Task.FromResult(Answer.Of(read(call), pairs => All(pairs))));
        api.Post(all, rules + ":change", call => Set(call, keep: true));
        api.Put(all, rules + ":change", call => Set(call, keep: false));
        api.Get(all + "/{key}", rules + ":list", call => Task.FromResult(Answer.Of(read(call), pairs =>
            pairs.TryGetValue(call.Route("key"), out var value) ? One(call.Route("key"), value) : Missing(call))));
        api.Put(all + "/{key}", rules + ":change", SetOne);
        api.Delete(all + "/{key}", rules + ":change", DeleteOne);
    }

    private async Task<Answer> Set(Call call, bool keep)
    {
        var body = await call.Body(PairJson.Wire.PairsBody);
        if (body.Fault is { } malformed) return malformed;
        var asked = body.Value.Metadata;
        if (Reading.WrongMetadata("metadata", asked) is { } wrong) return wrong;
        var written = await write(call, pairs =>
        {
            if (!keep) pairs.Clear();
            foreach (var (name, value) in asked) pairs[name] = value!;
            return pairs;
        });
        return Answer.Of(written, pairs => All(pairs));
    }

    private async Task<Answer> SetOne(Call call)
    {
        var body = await call.Body(PairJson.Wire.PairBody);
        if (body.Fault is { } malformed) return malformed;
        var key = call.Route("key");
        if (Reading.WrongMetadata("meta", body.Value.Meta) is { } wrong) return wrong;
        if (body.Value.Meta.Count != 1) return new Fault.Invalid("meta", "Request body contains too many items");
        if (!body.Value.Meta.TryGetValue(key, out var value)) return new Fault.Invalid("meta", "Request body and URI mismatch");
        var written = await write(call, pairs =>
        {
            pairs[key] = value!;
            return pairs;
        });
        return Answer.Of(written, _ => One(key, value!));
    }

    private async Task<Answer> DeleteOne(Call call) => Answer.Of(
        await write(call, pairs => pairs.Remove(call.Route("key")) ? pairs : Missing(call)), _ => Answer.Empty(200));

    private Fault Missing(Call call) =>
        VolumeFaults.Missing($"{(collection == "/volumes" ? "Volume" : "Snapshot")} {call.Route("id")} has no metadata with key {call.Route("key")}.");

    private static Answer All(Dictionary<string, string> pairs) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.Texts("metadata", pairs);
        json.WriteEndObject();
    });

    private static Answer One(string key, string value) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.Texts("meta", [KeyValuePair.Create(key, value)]);
        json.WriteEndObject();
    });
}
