using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Networks;
using Sovereign.Network.Ports;
using Sovereign.Network.Qos;
using Sovereign.Network.Routers;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.SubnetPools;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Tags;

internal sealed record TagsBody(IReadOnlyList<string> Tags);

/// <summary>Tags of every resource that has them; a change of tags raises the resource's revision.</summary>
internal sealed class TagEndpoints(KernelServices kernel)
{
    private const int TagCharactersMax = 255;
    private const int TagsMax = 50;

    private static readonly IReadOnlyList<IRoom> rooms =
    [
        NetworkService.Room, SubnetService.Room, PortService.Room, RouterService.Room, FloatingIpService.Room, SecurityGroupService.Room,
        SubnetPoolService.Room, QosPolicyService.Room,
    ];

    public void Map(Routes api)
    {
        foreach (var room in rooms)
        {
            var path = room.Path + "/{id}/tags";
            api.Get(path, "network:tags:list", call => Read(
                call, room, tags => Answer.Json(200, new TagsBody(tags), NetworkJson.Wire.TagsBody)));
            api.Get(path + "/{tag}", "network:tags:show", call => Read(
                call, room, tags => tags.Contains(call.Route("tag")) ? Answer.Empty(204) : NoTag(call.Route("tag"))));
            api.Put(path, "network:tags:replace", call => Replace(call, room));
            api.Put(path + "/{tag}", "network:tags:add", call =>
                Change(call, room, 201, (tx, id) => Add(tx, room.Kind, id, call.Route("tag"))));
            api.Delete(path + "/{tag}", "network:tags:remove", call => Change(
                call, room, 204, (tx, id) => TagStore.Remove(tx, room.Kind, id, call.Route("tag")) ? null : NoTag(call.Route("tag"))));
            api.Delete(path, "network:tags:clear", call => Change(call, room, 204, (tx, id) =>
            {
                TagStore.RemoveAll(tx, room.Kind, id);
                return null;
            }));
        }
    }

    private Task<Answer> Read(Call call, IRoom room, Func<IReadOnlyList<string>, Answer> answer) =>
        Task.FromResult(kernel.Database.Read(session =>
            room.NotOwned(session, call.Access, call.Route("id")) ?? answer(TagStore.Of(session, room.Kind, call.Route("id")))));

    private static Fault NoTag(string tag) => NetworkFaults.Missing("TagNotFound", $"Tag {tag} could not be found.");

    private static Fault? Add(Tx tx, string kind, string id, string tag)
    {
        if (Check([tag]) is { } wrong) return wrong;
        if (TagStore.Of(tx, kind, id).Count >= TagsMax) return NetworkFaults.Attribute("tags", $"More than {TagsMax} tags");
        TagStore.Add(tx, kind, id, tag);
        return null;
    }

    private static Fault? Check(IReadOnlyList<string> tags)
    {
        if (tags.Count > TagsMax) return NetworkFaults.Attribute("tags", $"More than {TagsMax} tags");
        if (tags.Any(tag => tag is null || tag.Length is 0 or > TagCharactersMax || tag.Contains('\0', StringComparison.Ordinal)))
        {
            return NetworkFaults.Attribute("tags", $"A tag has 1 to {TagCharactersMax} characters");
        }

        return tags.Distinct(StringComparer.Ordinal).Count() == tags.Count ? null : NetworkFaults.Attribute("tags", "Duplicate items in the list");
    }

    private async Task<Answer> Replace(Call call, IRoom room)
    {
        var body = await call.Body(NetworkJson.Wire.TagsBody);
        if (body.Fault is { } wrong) return wrong;
        if (Check(body.Value.Tags) is { } bad) return bad;
        var changed = await Change(call, room, 200, (tx, id) =>
        {
            TagStore.Replace(tx, room.Kind, id, body.Value.Tags);
            return null;
        });
        return changed.Fault is null ? Answer.Json(200, body.Value, NetworkJson.Wire.TagsBody) : changed;
    }

    private async Task<Answer> Change(Call call, IRoom room, int status, Func<Tx, string, Fault?> change)
    {
        var id = call.Route("id");
        var done = await kernel.Queue.Write<Done>(
            room.Kind + ".tags",
            call.Origin,
            tx =>
            {
                if ((room.NotOwned(tx, call.Access, id) ?? change(tx, id)) is { } refused) return refused;
                // The table's name is one of ours.
                tx.Execute($"UPDATE {room.Table} SET revision = revision + 1, updated_at = @Now WHERE id = @id", new { tx.Now, id });
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(done, _ => Answer.Empty(status));
    }
}
