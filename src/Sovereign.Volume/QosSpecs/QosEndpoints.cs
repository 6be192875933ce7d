using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Types;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.QosSpecs;

internal sealed record QosBody(Dictionary<string, string?> QosSpecs);

internal sealed record QosKeysBody(List<string> Keys);

[JsonSerializable(typeof(QosBody))]
[JsonSerializable(typeof(QosKeysBody))]
[JsonSerializable(typeof(QosDocument))]
internal sealed partial class QosJson : JsonSerializerContext
{
    public static readonly QosJson Wire = new(WireJson.Options());
}

/// <summary>Routes of QoS specs, for administrators.</summary>
internal sealed class QosEndpoints(KernelServices kernel)
{
    private const string Consumer = "consumer";
    private static readonly string[] consumers = ["front-end", "back-end", "both"];

    public void Map(BothRoutes api)
    {
        api.Get("/qos-specs", "volume:qos:list", call => Task.FromResult(List(call)));
        api.Post("/qos-specs", "volume:qos:change", Create);
        api.Get("/qos-specs/{id}", "volume:qos:show", call => Task.FromResult(Answer.Of(Find(call), row => One(call, row))));
        api.Put("/qos-specs/{id}", "volume:qos:change", Set);
        api.Delete("/qos-specs/{id}", "volume:qos:change", Delete);
        api.Put("/qos-specs/{id}/delete_keys", "volume:qos:change", Unset);
        api.Get("/qos-specs/{id}/associations", "volume:qos:show", call => Task.FromResult(Answer.Of(Find(call), row => Render.List(
            "qos_associations", kernel.Database.Read(session => TypeStore.OfQos(session, row.Id)), (json, type) =>
            {
                json.WriteString("association_type", "volume_type");
                json.WriteString("name", type.Name);
                json.WriteString("id", type.Id);
            }))));
        api.Get("/qos-specs/{id}/associate", "volume:qos:change", call => Tie(call, associate: true));
        api.Get("/qos-specs/{id}/disassociate", "volume:qos:change", call => Tie(call, associate: false));
        api.Get("/qos-specs/{id}/disassociate_all", "volume:qos:change", UntieAll);
    }

    private Answer List(Call call)
    {
        var request = ListRequest.Parse(call.Http.Request.Query, QosStore.Shape, "offset", "all_tenants");
        if (request.Fault is { } wrong) return wrong;
        var page = kernel.Database.Read(session => Lists.Page<QosRow>(session, request.Value, "q.*", Missing));
        return Answer.Of(page, rows => Lists.Answered(call, "qos_specs", request.Value, rows.Items, row => row.Id, View));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(QosJson.Wire.QosBody);
        if (body.Fault is { } malformed) return malformed;
        var specs = new Dictionary<string, string?>(body.Value.QosSpecs, StringComparer.Ordinal);
        if (!specs.Remove("name", out var name) || string.IsNullOrWhiteSpace(name)) return Reading.Wrong("name", name ?? "None", "'name' is a required property");
        if (Reading.TooLong("name", name) is { } wrong) return wrong;
        var made = await kernel.Queue.Write<QosRow>(
            "volume-qos.create",
            call.Origin,
            tx => With(new QosRow { Id = kernel.Ids.Uuid(), Name = name.Trim(), CreatedAt = tx.Now, UpdatedAt = tx.Now }, specs).Then<QosRow>(row =>
            {
                if (!QosStore.Insert(tx, row)) return new Fault.Conflict($"QoS specs {row.Name} already exists.");
                Record(tx, row, Change.Created);
                return row;
            }),
            call.Stop);
        return Answer.Of(made, row => One(call, row));
    }

    private async Task<Answer> Set(Call call)
    {
        var body = await call.Body(QosJson.Wire.QosBody);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.QosSpecs.ContainsKey("name")) return new Fault.Invalid("name", "The name of QoS specs can't be changed.");
        var changed = await Edit(call, (_, row) => With(row, body.Value.QosSpecs));
        return Answer.Of(changed, _ => Render.Object(200, "qos_specs", json =>
        {
            foreach (var (name, value) in body.Value.QosSpecs) json.WriteString(name, value);
        }));
    }

    private async Task<Answer> Unset(Call call)
    {
        var body = await call.Body(QosJson.Wire.QosKeysBody);
        if (body.Fault is { } malformed) return malformed;
        var changed = await Edit(call, (_, row) =>
        {
            var specs = row.Pairs();
            foreach (var key in body.Value.Keys)
            {
                if (!specs.Remove(key)) return VolumeFaults.Missing($"QoS spec {row.Id} has no spec with key {key}.");
            }

            return row with { Specs = VolumeJson.Texts(specs) };
        });
        return Answer.Of(changed, _ => Answer.Empty(202));
    }

    private async Task<Answer> Delete(Call call)
    {
        var force = call.Query("force") is { } asked && Truth.Of(asked) == true;
        var deleted = await kernel.Queue.Write<Done>(
            "volume-qos.delete",
            call.Origin,
            tx =>
            {
                if (QosStore.Find(tx, call.Route("id")) is not { } row) return Missing(call.Route("id"));
                var types = TypeStore.OfQos(tx, row.Id);
                if (types.Count > 0 && !force) return new Fault.Invalid("", $"QoS Specs {row.Id} is still associated with entities.");
                foreach (var type in types) TypeService.SetQos(tx, type, null);
                QosStore.Delete(tx, row.Id);
                Record(tx, row, Change.Deleted);
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(deleted, _ => Answer.Empty(202));
    }

    private async Task<Answer> Tie(Call call, bool associate)
    {
        if (call.Query("vol_type_id") is not { Length: > 0 } typeId) return new Fault.Invalid("vol_type_id", "Volume Type id must not be None.");
        var tied = await Edit(call, (tx, row) =>
        {
            if (TypeStore.Find(tx, typeId) is not { } type) return VolumeFaults.Type(typeId);
            if (associate && type.QosId is { } other && other != row.Id)
            {
                return new Fault.Invalid("vol_type_id", $"Type {typeId} is already associated with another qos specs: {other}");
            }

            if (associate || type.QosId == row.Id) TypeService.SetQos(tx, type, associate ? row.Id : null);
            return row;
        });
        return Answer.Of(tied, _ => Answer.Empty(202));
    }

    private async Task<Answer> UntieAll(Call call) => Answer.Of(
        await Edit(call, (tx, row) =>
        {
            foreach (var type in TypeStore.OfQos(tx, row.Id)) TypeService.SetQos(tx, type, null);
            return row;
        }),
        _ => Answer.Empty(202));

    private Task<Outcome<QosRow>> Edit(Call call, Func<Tx, QosRow, Outcome<QosRow>> change) => kernel.Queue.Write<QosRow>(
        "volume-qos.update",
        call.Origin,
        tx => QosStore.Find(tx, call.Route("id")) is not { } row ? Missing(call.Route("id")) : change(tx, row).Map(next =>
        {
            var saved = next with { UpdatedAt = tx.Now };
            QosStore.Update(tx, saved);
            Record(tx, saved, Change.Updated);
            return saved;
        }),
        call.Stop);

    private Outcome<QosRow> Find(Call call) => kernel.Database.Read(session => QosStore.Find(session, call.Route("id"))) is { } row ? row : Missing(call.Route("id"));

    private static Outcome<QosRow> With(QosRow row, IReadOnlyDictionary<string, string?> asked)
    {
        if (Reading.WrongMetadata("qos_specs", asked) is { } wrong) return wrong;
        var specs = row.Pairs();
        foreach (var (name, value) in asked.Where(pair => pair.Key != Consumer)) specs[name] = value!;
        var consumer = asked.TryGetValue(Consumer, out var named) ? named! : row.Consumer;
        return consumers.Contains(consumer)
            ? row with { Consumer = consumer, Specs = VolumeJson.Texts(specs) }
            : new Fault.Invalid(Consumer, $"Invalid qos specs: Valid consumer of QoS specs are: {string.Join(", ", consumers)}");
    }

    private static void Record(Tx tx, QosRow row, Change change) => tx.Record(QosRow.Kind, row.Id, null, change, row.Document(), QosJson.Wire.QosDocument);

    private static Fault Missing(string id) => VolumeFaults.Missing($"No such QoS spec {id}.");

    private static Answer One(Call call, QosRow row) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("qos_specs");
        View(json, row);
        json.WriteEndObject();
        Lists.Links(json, call, call.Access.Caller.ProjectId ?? "", "qos-specs/" + row.Id);
        json.WriteEndObject();
    });

    private static void View(Utf8JsonWriter json, QosRow row)
    {
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
        json.WriteString(Consumer, row.Consumer);
        json.Texts("specs", row.Pairs());
    }
}
