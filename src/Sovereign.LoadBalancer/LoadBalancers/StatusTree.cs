using System.Text.Json;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.LoadBalancers;

/// <summary>States of a load balancer and all its parts, as one tree.</summary>
internal static class StatusTree
{
    public static Answer Answer(Tree tree) => Render.Json(200, json =>
    {
        var row = tree.Balancer;
        json.WriteStartObject();
        json.WriteStartObject("statuses");
        json.WriteStartObject("loadbalancer");
        Head(json, row.Id, row.Name, row.Provisioning, row.Operating);
        Each(json, "listeners", tree.Of(Kinds.Listener), listener => Listener(json, tree, listener));
        Each(json, "pools", tree.Of(Kinds.Pool), pool => Pool(json, tree, pool));
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static void Listener(Utf8JsonWriter json, Tree tree, PartRow listener)
    {
        Head(json, listener);
        Each(json, "pools", tree.Of(Kinds.Pool).Where(pool => tree.ListenersOf(pool.Id).Any(other => other.Id == listener.Id)), pool => Pool(json, tree, pool));
        Each(json, "l7policies", tree.Of(Kinds.Policy, listener.Id), policy =>
        {
            Head(json, policy);
            json.WriteString("action", policy.Type);
            Each(json, "rules", tree.Of(Kinds.Rule, policy.Id), rule =>
            {
                json.WriteString("id", rule.Id);
                json.WriteString("type", rule.Type);
                json.WriteString("provisioning_status", rule.Provisioning);
                json.WriteString("operating_status", rule.Operating);
            });
        });
    }

    private static void Pool(Utf8JsonWriter json, Tree tree, PartRow pool)
    {
        Head(json, pool);
        if (tree.MonitorOf(pool.Id) is { } monitor)
        {
            json.WriteStartObject("health_monitor");
            Head(json, monitor);
            json.WriteString("type", monitor.Type);
            json.WriteEndObject();
        }

        Each(json, "members", tree.Of(Kinds.Member, pool.Id), member =>
        {
            Head(json, member);
            json.WriteString("address", member.Address);
            json.WriteNumber("protocol_port", member.Port ?? 0);
        });
    }

    private static void Head(Utf8JsonWriter json, PartRow row) => Head(json, row.Id, row.Name, row.Provisioning, row.Operating);

    private static void Head(Utf8JsonWriter json, string id, string name, string provisioning, string operating)
    {
        json.WriteString("id", id);
        json.WriteString("name", name);
        json.WriteString("provisioning_status", provisioning);
        json.WriteString("operating_status", operating);
    }

    private static void Each(Utf8JsonWriter json, string name, IEnumerable<PartRow> rows, Action<PartRow> write)
    {
        json.WriteStartArray(name);
        foreach (var row in rows)
        {
            json.WriteStartObject();
            write(row);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
