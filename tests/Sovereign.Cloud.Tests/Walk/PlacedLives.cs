namespace Sovereign.Cloud.Tests.Walk;

/// <summary>A network's DHCP and a router that an operator takes off their node and puts there again, and a network that the cloud makes for a project.</summary>
internal static class PlacedLives
{
    /// <summary>Rows that must be gone after it.</summary>
    public static readonly string[] Tables =
        ["dhcp_placements", "auto_topologies", "subnetpools", "routers", "segments WHERE network_type = 'vxlan'"];

    public static void Walk(HouseWorld house)
    {
        var (admin, client) = (new CarefulClient(house.Cloud, "admin"), new CarefulClient(house.Cloud, "member-a"));
        client.Until("the node registers", () => client.List("/network/v2.0/networks?router:external=true", "networks").Count > 0);
        var network = HouseWalkTests.Id(client.Ensure("/network/v2.0/networks", "networks", "network", "n", """{"network":{"name":"n"}}"""));
        var subnet = HouseWalkTests.Id(client.Ensure(
            "/network/v2.0/subnets", "subnets", "subnet", "s",
            $$$"""{"subnet":{"name":"s","network_id":"{{{network}}}","ip_version":4,"cidr":"10.1.0.0/24"}}"""));
        var port = HouseWalkTests.Id(client.Ensure(
            "/network/v2.0/ports", "ports", "port", "p", $$$"""{"port":{"name":"p","network_id":"{{{network}}}"}}"""));
        Serve(admin, network);
        Route(admin, client, subnet);
        client.Delete($"/network/v2.0/ports/{port}");
        client.Delete($"/network/v2.0/networks/{network}");
        Allocate(admin, client);
    }

    private static void Serve(CarefulClient admin, string network)
    {
        var hosts = $"/network/v2.0/networks/{network}/dhcp-agents";
        admin.Until("the network's node", () => admin.List(hosts, "agents").Count == 1);
        var agent = HouseWalkTests.Id(admin.List(hosts, "agents")[0]);
        Dhcp(admin, network, "ACTIVE");
        var served = $"/network/v2.0/agents/{agent}/dhcp-networks";
        admin.Until("no DHCP", () => admin.List(hosts, "agents").Count == 0, () => admin.Sent("DELETE", $"{served}/{network}"));
        Dhcp(admin, network, "DOWN");
        admin.Until("DHCP again", () => admin.List(hosts, "agents").Count == 1, () => admin.Sent("POST", served, $$$"""{"network_id":"{{{network}}}"}"""));
        Dhcp(admin, network, "ACTIVE");
    }

    private static void Dhcp(CarefulClient admin, string network, string status) => admin.Until(
        $"the DHCP port becomes {status}",
        () => admin.List($"/network/v2.0/ports?device_owner=network:dhcp&status={status}&network_id={network}", "ports").Count == 1);

    private static void Route(CarefulClient admin, CarefulClient client, string subnet)
    {
        var router = HouseWalkTests.Id(client.Ensure("/network/v2.0/routers", "routers", "router", "r", """{"router":{"name":"r"}}"""));
        var (path, hosts, legs) = ($"/network/v2.0/routers/{router}", $"/network/v2.0/routers/{router}/l3-agents", $"/network/v2.0/ports?device_id={router}");
        var leg = $$$"""{"subnet_id":"{{{subnet}}}"}""";
        void Becomes(string status) => client.Until($"the router becomes {status}", () => (string?)client.Show(path, "router")["status"] == status);
        client.Until("the leg", () => client.List(legs, "ports").Count == 1, () => client.Sent("PUT", path + "/add_router_interface", leg));
        admin.Until("the router's node", () => admin.List(hosts, "agents").Count == 1);
        Becomes("ACTIVE");
        var routers = $"/network/v2.0/agents/{HouseWalkTests.Id(admin.List(hosts, "agents")[0])}/l3-routers";
        admin.Until("the router is nowhere", () => admin.List(hosts, "agents").Count == 0, () => admin.Sent("DELETE", $"{routers}/{router}"));
        Becomes("DOWN");
        admin.Until("the router is back", () => admin.List(hosts, "agents").Count == 1, () => admin.Sent("POST", routers, $$$"""{"router_id":"{{{router}}}"}"""));
        Becomes("ACTIVE");
        client.Until("no leg", () => client.List(legs, "ports").Count == 0, () => client.Sent("PUT", path + "/remove_router_interface", leg));
        client.Delete(path);
    }

    private static void Allocate(CarefulClient admin, CarefulClient client)
    {
        var pool = HouseWalkTests.Id(admin.Ensure(
            "/network/v2.0/subnetpools", "subnetpools", "subnetpool", "d",
            """{"subnetpool":{"name":"d","prefixes":["10.9.0.0/16"],"default_prefixlen":26,"is_default":true,"shared":true}}"""));
        const string topology = "/network/v2.0/auto-allocated-topology/None";
        int Made() => client.List("/network/v2.0/networks?name=auto_allocated_network", "networks").Count;
        client.Until("the topology", () => Made() == 1, () => client.Sent("GET", topology));
        if (HouseWalkTests.Id(client.Show(topology, "auto_allocated_topology")) is not { Length: > 0 } || Made() != 1)
        {
            throw new InvalidOperationException("There is more than one topology.");
        }

        client.Until("no topology", () => Made() == 0, () => client.Sent("DELETE", topology));
        admin.Delete($"/network/v2.0/subnetpools/{pool}");
    }
}
