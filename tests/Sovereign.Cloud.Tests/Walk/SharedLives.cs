using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>What servers and networks lean on and share: a group of servers, a pool of subnets, a group of addresses, a QoS policy, what is counted and
/// logged of them, and policies about who sees them. All of it is used by a running server, changed under it, and taken away again.</summary>
internal static class SharedLives
{
    private const string Administrator = "admin";
    private const string Member = "member-a";
    private static readonly string project = Testing.Clouds.TestCallers.Id("project-a");
    private static readonly string otherProject = Testing.Clouds.TestCallers.Id("project-b");

    /// <summary>Rows that must be gone after it.</summary>
    public static readonly string[] Tables =
    [
        "qos_policies", "bandwidth_limits", "subnetpools", "address_groups", "compute_server_groups", "compute_server_group_members", "port_groups", "network_tags",
        "security_groups WHERE is_default = 0", "network_logs", "metering_labels", "metering_label_rules", "conntrack_helpers",
        "rbac_policies WHERE action <> 'access_as_external'",
    ];

    public static void Walk(HouseWorld house)
    {
        var (admin, client) = (new CarefulClient(house.Cloud, Administrator), new CarefulClient(house.Cloud, Member));
        client.Until("the node registers", () => client.List("/network/v2.0/networks?router:external=true", "networks").Count > 0);
        var policy = Qos(admin);
        var pool = Made(client, "/network/v2.0/subnetpools", "subnetpool", """{"subnetpool":{"name":"p","prefixes":["10.9.0.0/16"],"default_prefixlen":26}}""");
        var addresses = Made(client, "/network/v2.0/address-groups", "address_group", """{"address_group":{"name":"a","addresses":["192.0.2.0/24"]}}""");
        var group = Made(client, "/network/v2.0/security-groups", "security_group", """{"security_group":{"name":"g"}}""");
        var network = Made(client, "/network/v2.0/networks", "network", $$$"""{"network":{"name":"n","qos_policy_id":"{{{policy}}}"}}""");
        Made(client, "/network/v2.0/subnets", "subnet", $$$"""{"subnet":{"name":"s","network_id":"{{{network}}}","ip_version":4,"subnetpool_id":"{{{pool}}}"}}""");
        Rule(client, group, addresses);
        var (label, router) = Watched(client, admin, group);
        Share(client, "network", network, otherProject);
        client.Ensure("/compute/v2.1/os-server-groups", "server_groups", "server_group", "together", """{"server_group":{"name":"together","policies":["affinity"]}}""");
        var together = Named(client, "/compute/v2.1/os-server-groups", "server_groups", "together")!;
        var server = Server(client, network, together, group);
        HouseWalkTests.Check(house, server);
        Change(client, admin, server, policy, addresses);
        HouseWalkTests.Check(house, server);
        client.Delete($"/compute/v2.1/servers/{server}");
        client.Delete($"/compute/v2.1/os-server-groups/{together}");
        foreach (var shared in client.List("/network/v2.0/rbac-policies?object_id=" + network, "rbac_policies"))
            client.Delete($"/network/v2.0/rbac-policies/{HouseWalkTests.Id(shared)}");
        client.Delete($"/network/v2.0/networks/{network}");
        // What belongs to these goes with them: the group's log, the label's rule, the router's helper.
        client.Delete($"/network/v2.0/security-groups/{group}");
        admin.Delete($"/network/v2.0/metering/metering-labels/{label}");
        client.Delete($"/network/v2.0/routers/{router}");
        client.Delete($"/network/v2.0/address-groups/{addresses}");
        client.Delete($"/network/v2.0/subnetpools/{pool}");
        admin.Delete($"/network/v2.0/qos/policies/{policy}");
    }

    /// <summary>The operator's policy, which the project may use.</summary>
    private static string Qos(CarefulClient admin)
    {
        var policy = HouseWalkTests.Id(admin.Ensure("/network/v2.0/qos/policies", "policies", "policy", "q", """{"policy":{"name":"q"}}"""));
        admin.Until(
            "the bandwidth limit",
            () => admin.List($"/network/v2.0/qos/policies/{policy}/bandwidth_limit_rules", "bandwidth_limit_rules").Count == 1,
            () => admin.Sent("POST", $"/network/v2.0/qos/policies/{policy}/bandwidth_limit_rules", """{"bandwidth_limit_rule":{"max_kbps":1000}}"""));
        Share(admin, "qos_policy", policy, project);
        return policy;
    }

    /// <summary>The operator's log of the group and a label with a rule, and a router with a conntrack helper.</summary>
    private static (string Label, string Router) Watched(CarefulClient client, CarefulClient admin, string group)
    {
        Made(admin, "/network/v2.0/log/logs", "log", $$$"""{"log":{"name":"l","resource_type":"security_group","resource_id":"{{{group}}}"}}""");
        var label = Made(
            admin, "/network/v2.0/metering/metering-labels", "metering_label", $$$"""{"metering_label":{"name":"m","project_id":"{{{project}}}"}}""");
        var rule = $$$"""{"metering_label_rule":{"metering_label_id":"{{{label}}}","direction":"egress","remote_ip_prefix":"10.9.0.0/16"}}""";
        admin.Until(
            "the rule of the label", () => admin.List("/network/v2.0/metering/metering-label-rules", "metering_label_rules").Count == 1,
            () => admin.Sent("POST", "/network/v2.0/metering/metering-label-rules", rule));
        var router = Made(client, "/network/v2.0/routers", "router", """{"router":{"name":"r"}}""");
        var helpers = $"/network/v2.0/routers/{router}/conntrack_helpers";
        client.Until(
            "the router's helper", () => client.List(helpers, "conntrack_helpers").Count == 1,
            () => client.Sent("POST", helpers, """{"conntrack_helper":{"helper":"tftp","protocol":"udp","port":69}}"""));
        return (label, router);
    }

    private static void Share(CarefulClient client, string type, string id, string target) => client.Until(
        $"the {type} is shared",
        () => client.List($"/network/v2.0/rbac-policies?object_id={id}", "rbac_policies").Count == 1,
        () => client.Sent(
            "POST", "/network/v2.0/rbac-policies",
            $$$"""{"rbac_policy":{"object_type":"{{{type}}}","object_id":"{{{id}}}","action":"access_as_shared","target_tenant":"{{{target}}}"}}"""));

    private static void Rule(CarefulClient client, string group, string addresses) => client.Until(
        "the rule about the addresses",
        () => client.List($"/network/v2.0/security-group-rules?remote_address_group_id={addresses}", "security_group_rules").Count == 1,
        () => client.Sent(
            "POST", "/network/v2.0/security-group-rules",
            $$$"""{"security_group_rule":{"security_group_id":"{{{group}}}","direction":"ingress","remote_address_group_id":"{{{addresses}}}"}}"""));

    private static string Server(CarefulClient client, string network, string together, string group)
    {
        var flavor = HouseWalkTests.Id(client.List("/compute/v2.1/flavors", "flavors").First(f => (string?)f["name"] == "SCS-1L-1"));
        var body = new JsonObject
        {
            ["server"] = new JsonObject
            {
                ["name"] = "vm", ["flavorRef"] = flavor, ["imageRef"] = SimulatedImages.Id, ["networks"] = new JsonArray(new JsonObject { ["uuid"] = network }),
                ["security_groups"] = new JsonArray(new JsonObject { ["name"] = group }),
            },
            ["os:scheduler_hints"] = new JsonObject { ["group"] = together },
        };
        var id = HouseWalkTests.Id(client.Ensure("/compute/v2.1/servers", "servers", "server", "vm", body.ToJsonString()));
        client.Until("the server becomes ACTIVE", () => HouseWalkTests.Status(client, id) == "ACTIVE");
        var members = client.Show($"/compute/v2.1/os-server-groups/{together}", "server_group")["members"]!.AsArray();
        return members.Any(member => (string?)member == id) ? id : throw new InvalidOperationException("The server is not in its group.");
    }

    /// <summary>Under the running server: the limit, the addresses, the port's tags.</summary>
    private static void Change(CarefulClient client, CarefulClient admin, string server, string policy, string addresses)
    {
        var limits = $"/network/v2.0/qos/policies/{policy}/bandwidth_limit_rules";
        var rule = HouseWalkTests.Id(admin.List(limits, "bandwidth_limit_rules")[0]);
        admin.Until(
            "the other limit",
            () => (int)admin.List(limits, "bandwidth_limit_rules")[0]["max_kbps"]! == 2000,
            () => admin.Sent("PUT", $"{limits}/{rule}", """{"bandwidth_limit_rule":{"max_kbps":2000}}"""));
        client.Until(
            "the further addresses",
            () => client.Show($"/network/v2.0/address-groups/{addresses}", "address_group")["addresses"]!.AsArray().Count == 2,
            () => client.Sent("PUT", $"/network/v2.0/address-groups/{addresses}/add_addresses", """{"address_group":{"addresses":["198.51.100.0/24"]}}"""));
        var port = HouseWalkTests.Id(client.List($"/network/v2.0/ports?device_id={server}", "ports")[0]);
        client.Until(
            "the port's tag",
            () => client.Show($"/network/v2.0/ports/{port}", "port")["tags"]!.AsArray().Count == 1,
            () => client.Sent("PUT", $"/network/v2.0/ports/{port}/tags", """{"tags":["t"]}"""));
    }

    private static string Made(CarefulClient client, string path, string kind, string body) =>
        HouseWalkTests.Id(client.Ensure(path, path.Split('/')[^1].Replace('-', '_'), kind, (string)JsonNode.Parse(body)![kind]!["name"]!, body));

    private static string? Named(CarefulClient client, string path, string plural, string name) =>
        (string?)client.List(path, plural).FirstOrDefault(item => (string?)item["name"] == name)?["id"];
}
