using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Networks;
using Sovereign.Network.Ports;
using Sovereign.Network.Routers;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Tags;

internal sealed record TagsBody(IReadOnlyList<string> Tags);

/// <summary>Tags of networks, subnets, ports, routers, floating IPs and security groups; a change of tags raises the resource's revision.</summary>
internal sealed class TagEndpoints(KernelServices kernel)
{
    private const int TagCharactersMax = 255;
    private const int TagsMax = 50;

    private static readonly IReadOnlyList<(string Collection, string Kind, string Table, Func<Session, string, string?> Owner, Func<string, Fault> Missing)> kinds =
    [
        ("networks", Kinds.Network, "networks", (s, id) => NetworkStore.Find(s, id)?.ProjectId, NetworkFaults.NetworkMissing),
        ("subnets", Kinds.Subnet, "subnets", (s, id) => SubnetStore.Find(s, id)?.ProjectId, NetworkFaults.SubnetMissing),
        ("ports", Kinds.Port, "ports", (s, id) => PortStore.Find(s, id)?.ProjectId, NetworkFaults.PortMissing),
        ("routers", Kinds.Router, "routers", (s, id) => RouterStore.Find(s, id)?.ProjectId, NetworkFaults.RouterMissing),
        ("floatingips", Kinds.FloatingIp, "floating_ips", (s, id) => FloatingIpStore.Find(s, id)?.ProjectId, NetworkFaults.FloatingIpMissing),
        ("security-groups", Kinds.Group, "security_groups", (s, id) => GroupStore.Find(s, id)?.ProjectId, NetworkFaults.GroupMissing),
    ];

    public void Map(Routes api)
    {
        foreach (var kind in kinds)
        {
            var path = $"/v2.0/{kind.Collection}/{{id}}/tags";
            var (_, name, table, owner, missing) = kind;
            Fault? Hidden(Session session, AccessGrant access, string id) => access.Covers(owner(session, id)) ? null : missing(id);
            api.Get(path, "network:tags:list", call => Reply(kernel.Database.Read<Answer>(session =>
                Hidden(session, call.Access, call.Route("id")) is { } fault
                    ? fault
                    : Answer.Json(200, new TagsBody(TagStore.Of(session, name, call.Route("id"))), NetworkJson.Wire.TagsBody))));
            api.Get(path + "/{tag}", "network:tags:show", call => Reply(kernel.Database.Read<Answer>(session =>
                Hidden(session, call.Access, call.Route("id")) is { } fault ? fault
                : TagStore.Of(session, name, call.Route("id")).Contains(call.Route("tag")) ? Answer.Empty(204) : NoTag(call.Route("tag")))));
            api.Put(path, "network:tags:replace", call => Replace(call, name, table, Hidden));
            api.Put(path + "/{tag}", "network:tags:add", call => Change(call, name, table, Hidden, 201, (tx, id) => Add(tx, name, id, call.Route("tag"))));
            api.Delete(path + "/{tag}", "network:tags:remove", call => Change(
                call, name, table, Hidden, 204, (tx, id) => TagStore.Remove(tx, name, id, call.Route("tag")) ? null : NoTag(call.Route("tag"))));
            api.Delete(path, "network:tags:clear", call => Change(call, name, table, Hidden, 204, (tx, id) =>
            {
                TagStore.RemoveAll(tx, name, id);
                return null;
            }));
        }
    }

    private static Task<Answer> Reply(Answer answer) => Task.FromResult(answer);

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

    private async Task<Answer> Replace(Call call, string kind, string table, Func<Session, AccessGrant, string, Fault?> hidden)
    {
        var body = await call.Body(NetworkJson.Wire.TagsBody);
        if (body.Fault is { } wrong) return wrong;
        if (Check(body.Value.Tags) is { } bad) return bad;
        var changed = await Change(call, kind, table, hidden, 200, (tx, id) =>
        {
            TagStore.Replace(tx, kind, id, body.Value.Tags);
            return null;
        });
        return changed.Fault is null ? Answer.Json(200, body.Value, NetworkJson.Wire.TagsBody) : changed;
    }

    private async Task<Answer> Change(
        Call call, string kind, string table, Func<Session, AccessGrant, string, Fault?> hidden, int status, Func<Tx, string, Fault?> change)
    {
        var id = call.Route("id");
        var done = await kernel.Queue.Write<Done>(
            kind + ".tags",
            call.Origin,
            tx =>
            {
                if (hidden(tx, call.Access, id) is { } missing) return missing;
                if (change(tx, id) is { } refused) return refused;
                // The table's name is one of ours.
                tx.Execute($"UPDATE {table} SET revision = revision + 1, updated_at = @Now WHERE id = @id", new { tx.Now, id });
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(done, _ => Answer.Empty(status));
    }
}
