using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Types;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Volumes;

/// <summary>Routes of volumes.</summary>
internal sealed class VolumeEndpoints(KernelServices kernel, VolumeService volumes, VolumeCreation creation, VolumeView view, VolumeActions actions)
{
    public void Map(BothRoutes api)
    {
        api.Get("/volumes", "volume:volumes:list", call => Task.FromResult(List(call, detail: false)));
        api.Get("/volumes/detail", "volume:volumes:list", call => Task.FromResult(List(call, detail: true)));
        api.Get("/volumes/summary", "volume:volumes:summary", call => Task.FromResult(call.Version.Has(12) ? Summary(call) : Reading.Unrouted(call)));
        api.Post("/volumes", "volume:volumes:create", Create);
        api.Get("/volumes/{id}", "volume:volumes:show", call => Task.FromResult(One(call, 200, volumes.Find(call.Access, call.Route("id")))));
        api.Put("/volumes/{id}", "volume:volumes:update", Update);
        api.Delete("/volumes/{id}", "volume:volumes:delete", Delete);
        api.Post("/volumes/{id}/action", "volume:volumes:action", actions.Act);
        api.Get("/volumes/{id}/encryption", "volume:volumes:encryption", call => Task.FromResult(Encryption(call, null)));
        api.Get("/volumes/{id}/encryption/{key}", "volume:volumes:encryption", call => Task.FromResult(Encryption(call, call.Route("key"))));
        new PairRoutes(
            "/volumes",
            "volume:metadata",
            call => volumes.Find(call.Access, call.Route("id")).Map(row => row.Pairs()),
            async (call, change) => (await volumes.Change(
                call.Access, "metadata", call.Route("id"), (_, row) => change(row.Pairs()).Map(pairs => row with { Metadata = VolumeJson.Texts(pairs) }), call.Stop))
                .Map(row => row.Pairs())).Map(api);
    }

    private Answer List(Call call, bool detail)
    {
        var request = Lists.Request(call, VolumeStore.Shape, "v", "glance_metadata", "volume_type", "bootable", "consumes_quota");
        if (request.Fault is { } wrong) return wrong;
        if (Narrow(call, request.Value) is { } unreadable) return unreadable;
        var read = kernel.Database.Read(session => Lists.Page<VolumeRow>(session, request.Value, "v.*", VolumeFaults.Volume)
            .Map(page => (page.Items, Sight: detail ? VolumeSight.Of(session, page.Items) : null)));
        return Answer.Of(read, rows => Lists.Answered(
            call, "volumes", request.Value, rows.Items, row => row.Id,
            (json, row) =>
            {
                if (rows.Sight is { } sight) view.Full(json, call, row, sight);
                else VolumeView.Short(json, call, row);
            },
            () => kernel.Database.Read(session => ListSql.Count(session, request.Value))));
    }

    private Fault.Invalid? Narrow(Call call, ListRequest request)
    {
        if (call.Query("bootable") is { } bootable)
        {
            if (Truth.Of(bootable) is not { } truth) return new Fault.Invalid("bootable", $"bootable={bootable} is no boolean.");
            request.Where("v.bootable = @value", truth ? 1L : 0L);
        }

        if (call.Query("volume_type") is { } type)
        {
            request.Where("v.type_id = @value", kernel.Database.Read(session => TypeStore.ByIdOrName(session, type))?.Id ?? type);
        }

        // Every volume counts here.
        if (call.Query("consumes_quota") is { } consumes && Truth.Of(consumes) == false) request.Where("1 = 0");
        return call.Version.Has(4) ? Lists.Metadata(call.Query("glance_metadata"), "v.image_metadata", request) : null;
    }

    private Answer Summary(Call call)
    {
        var request = Lists.Request(call, VolumeStore.Shape, "v");
        if (request.Fault is { } wrong) return wrong;
        var rows = kernel.Database.Read(session => ListSql.Page<VolumeRow>(session, request.Value, "v.size_gib, v.metadata").Map(page => page.Items));
        return Answer.Of(rows, all => Render.Object(200, "volume-summary", json =>
        {
            json.WriteNumber("total_size", all.Sum(row => row.SizeGib));
            json.WriteNumber("total_count", all.Count);
            if (!call.Version.Has(36)) return;
            json.WriteStartObject("metadata");
            foreach (var name in all.SelectMany(row => row.Pairs()).GroupBy(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal))
            {
                json.WriteStartArray(name.Key);
                foreach (var value in name.Distinct(StringComparer.Ordinal)) json.WriteStringValue(value);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(VolumesJson.Wire.VolumeCreateBody);
        if (body.Fault is { } malformed) return malformed;
        var order = Order(call, body.Value.Volume);
        if (order.Fault is { } wrong) return wrong;
        var made = await kernel.Queue.Write<VolumeRow>("volume.create", call.Origin, tx => creation.Create(tx, call.Access, order.Value), call.Stop);
        return Answer.Of(made, row => Render.Object(202, "volume", json =>
            view.Full(json, call, row, kernel.Database.Read(session => VolumeSight.Of(session, [row])), made: true)));
    }

    private static Outcome<VolumeOrder> Order(Call call, VolumeWish wish)
    {
        // Before these versions the members were not looked at.
        var (backup, group) = (call.Version.Has(47) ? Filled(wish.BackupId) : null, call.Version.Has(13) ? Filled(wish.GroupId) : null);
        var sourced = wish.SnapshotId is not null || wish.SourceVolid is not null || backup is not null;
        long size = 0;
        if (wish.Size is { ValueKind: not JsonValueKind.Null } || !sourced)
        {
            var read = Reading.Size("size", wish.Size);
            if (read.Fault is { } unreadable) return unreadable;
            size = read.Value;
        }

        var (name, description) = ((wish.Name ?? wish.DisplayName)?.Trim(), wish.Description ?? wish.DisplayDescription);
        var metadata = wish.Metadata ?? [];
        if ((Reading.TooLong("name", name) ?? Reading.TooLong("description", description) ?? Reading.WrongMetadata("metadata", metadata)) is { } wrong) return wrong;
        if (Filled(wish.ConsistencygroupId) is { } old) return Groups.GroupService.Missing(old);
        return new VolumeOrder(name, description, size, Filled(wish.VolumeType), Filled(wish.AvailabilityZone))
        {
            ImageId = Filled(wish.ImageRef ?? wish.ImageId) is { } image ? image[(image.LastIndexOf('/') + 1)..] : null,
            SnapshotId = wish.SnapshotId, SourceVolumeId = wish.SourceVolid, BackupId = backup, GroupId = group,
            Metadata = metadata.ToDictionary(pair => pair.Key, pair => pair.Value!),
        };
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(StrictJson.Wire.VolumeUpdateBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Volume;
        var name = wish.Name.Given ? wish.Name : wish.DisplayName;
        var description = wish.Description.Given ? wish.Description : wish.DisplayDescription;
        if (!name.Given && !description.Given && wish.Metadata is null) return new Fault.Invalid("volume", "Missing required element 'volume' in request body.");
        if ((Reading.TooLong("name", name.Value) ?? Reading.TooLong("description", description.Value)) is { } wrong) return wrong;
        if (wish.Metadata is { } metadata && Reading.WrongMetadata("metadata", metadata) is { } pairs) return pairs;
        var changed = await volumes.Change(
            call.Access, "update", call.Route("id"),
            (_, row) => row with
            {
                Name = name.Given ? name.Value?.Trim() : row.Name,
                Description = description.Or(row.Description),
                Metadata = wish.Metadata is null ? row.Metadata : VolumeJson.Texts(wish.Metadata.Select(pair => KeyValuePair.Create(pair.Key, pair.Value!))),
            },
            call.Stop);
        return Answer.Of(changed, row => Render.Object(200, "volume", json =>
            view.Full(json, call, row, kernel.Database.Read(session => VolumeSight.Of(session, [row])), made: true)));
    }

    private async Task<Answer> Delete(Call call)
    {
        var cascade = call.Query("cascade") is { } text && Truth.Of(text) == true;
        var force = call.Version.Has(23) && call.Query("force") is { } asked && Truth.Of(asked) == true;
        if (force && !call.Access.Everything) return VolumeFaults.NotAllowed("volume:force_delete");
        return Answer.Of(await volumes.Delete(call.Access, call.Route("id"), cascade, force, call.Stop), _ => Answer.Empty(202));
    }

    /// <summary>What is known of the encryption of a volume; the key itself is told to nodes only.</summary>
    private Answer Encryption(Call call, string? one)
    {
        var found = kernel.Database.Read(session => VolumeService.Find(session, call.Access, call.Route("id"))
            .Map(row => (Row: row, Type: !row.Encrypted ? null : TypeStore.Find(session, row.TypeId))));
        return Answer.Of(found, volume => Render.Json(200, json =>
        {
            json.WriteStartObject();
            if (volume.Row.Encrypted && one is null or "encryption_key_id") json.WriteString("encryption_key_id", KeyName.Of(volume.Row));
            if (volume.Type is { } type)
            {
                if (one is null or "control_location") json.WriteString("control_location", type.ControlLocation);
                if (one is null or "cipher") json.WriteString("cipher", type.Cipher);
                if (one is null or "key_size") json.NumberOrNull("key_size", type.KeySize);
                if (one is null or "provider") json.WriteString("provider", type.Provider);
            }

            json.WriteEndObject();
        }));
    }

    private Answer One(Call call, int status, Outcome<VolumeRow> found) => Answer.Of(found, row => Render.Object(status, "volume", json =>
        view.Full(json, call, row, kernel.Database.Read(session => VolumeSight.Of(session, [row])))));

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
