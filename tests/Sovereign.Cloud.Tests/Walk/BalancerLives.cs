using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>What a load balancer goes through: made with all that belongs to it, changed, a member that dies and comes back, failed over, and taken away.</summary>
internal static class BalancerLives
{
    private const string Root = "/load-balancer/v2.0/lbaas";
    private const string Lists = Root + "/loadbalancers";
    private const string DeadAddress = "10.1.0.77";

    /// <summary>Rows that must be gone after it.</summary>
    public static readonly string[] Tables =
        ["balancers", "balancer_parts", "ports", "fixed_addresses", "port_groups", "security_groups WHERE is_default = 0"];

    public static void Walk(HouseWorld house)
    {
        var (client, admin) = (new CarefulClient(house.Cloud, "member-a"), new CarefulClient(house.Cloud, "admin"));
        client.Until("the node registers", () => client.List("/network/v2.0/networks?router:external=true", "networks").Count > 0);
        var network = HouseWalkTests.Id(client.Ensure("/network/v2.0/networks", "networks", "network", "n", """{"network":{"name":"n"}}"""));
        var subnet = HouseWalkTests.Id(client.Ensure(
            "/network/v2.0/subnets", "subnets", "subnet", "s", $$$"""{"subnet":{"name":"s","network_id":"{{{network}}}","ip_version":4,"cidr":"10.1.0.0/24"}}"""));
        var balancer = HouseWalkTests.Id(client.Ensure(Lists, "loadbalancers", "loadbalancer", "lb", Whole(subnet)));
        Active(client, balancer);
        var spec = house.Machine.Balancers[balancer];
        if (spec.Listeners.Count != 1 || spec.Pools.Single().Members.Count != 2)
            throw new InvalidOperationException("The node made another load balancer than was asked for.");
        Grow(client, balancer);
        Watch(house, client, balancer);
        admin.Until("the failover", () => house.Machine.Balancers[balancer].Generation > 0, () => admin.Sent("PUT", $"{Lists}/{balancer}/failover"));
        Active(client, balancer);
        client.Until("the deletion", () => client.Sent("GET", $"{Lists}/{balancer}") is { Status: 404 }, () => client.Sent("DELETE", $"{Lists}/{balancer}?cascade=true"));
        client.Delete($"/network/v2.0/networks/{network}");
    }

    private static string Whole(string subnet) => $$$"""
        {"loadbalancer":{"name":"lb","vip_subnet_id":"{{{subnet}}}","listeners":[{"name":"web","protocol":"HTTP","protocol_port":80,
          "l7policies":[{"action":"REJECT","rules":[{"type":"PATH","compare_type":"EQUAL_TO","value":"/no"}]}],
          "default_pool":{"name":"pool","protocol":"HTTP","lb_algorithm":"ROUND_ROBIN","healthmonitor":{"type":"TCP","delay":5,"timeout":3,"max_retries":2},
            "members":[{"address":"10.1.0.76","protocol_port":80},{"address":"{{{DeadAddress}}}","protocol_port":80}]}}]}}
        """;

    /// <summary>A second listener comes, and the first goes with its policy.</summary>
    private static void Grow(CarefulClient client, string balancer)
    {
        var first = HouseWalkTests.Id(client.List($"{Root}/listeners?name=web", "listeners")[0]);
        client.Until(
            "the second listener",
            () => client.List($"{Root}/listeners?name=second", "listeners").Count == 1,
            () => client.Sent("POST", Root + "/listeners",
                $$$"""{"listener":{"name":"second","loadbalancer_id":"{{{balancer}}}","protocol":"HTTP","protocol_port":8080}}"""));
        Active(client, balancer);
        client.Delete($"{Root}/listeners/{first}");
        var pool = HouseWalkTests.Id(client.List($"{Root}/pools?name=pool", "pools")[0]);
        var second = HouseWalkTests.Id(client.List($"{Root}/listeners?name=second", "listeners")[0]);
        client.Until(
            "the second listener's pool",
            () => (string?)client.Show($"{Root}/listeners/{second}", "listener")["default_pool_id"] == pool,
            () => client.Sent("PUT", $"{Root}/listeners/{second}", $$$"""{"listener":{"default_pool_id":"{{{pool}}}"}}"""));
        Active(client, balancer);
    }

    private static void Watch(HouseWorld house, CarefulClient client, string balancer)
    {
        house.Machine.DeadMembers.Add(DeadAddress);
        client.Until("the dead member is seen", () => Operating(client, balancer) == "DEGRADED", () => house.Machine.BalancerChanged?.Invoke(balancer));
        house.Machine.DeadMembers.Clear();
        client.Until("the member is back", () => Operating(client, balancer) == "ONLINE", () => house.Machine.BalancerChanged?.Invoke(balancer));
    }

    private static string? Operating(CarefulClient client, string balancer) => (string?)client.Show($"{Lists}/{balancer}", "loadbalancer")["operating_status"];

    private static void Active(CarefulClient client, string balancer) => client.Until(
        "the load balancer is active", () => (string?)client.Show($"{Lists}/{balancer}", "loadbalancer")["provisioning_status"] == "ACTIVE");
}
