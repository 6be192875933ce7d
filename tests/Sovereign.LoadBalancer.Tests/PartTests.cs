using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Xunit;

namespace Sovereign.LoadBalancer.Tests;

public class PartTests
{
    [Fact]
    public async Task A_listener_is_shown_with_the_defaults_of_the_api()
    {
        await using var cloud = await BalancerCloud.Start();
        var lb = await cloud.Balancer();
        var listener = await cloud.Show("/listeners/" + await cloud.Listener(lb));
        Assert.Equal((50000, 5000, 50000, 0, -1), (
            (int)listener["timeout_client_data"]!, (int)listener["timeout_member_connect"]!, (int)listener["timeout_member_data"]!,
            (int)listener["timeout_tcp_inspect"]!, (int)listener["connection_limit"]!));
        Assert.Equal("ONLINE", (string?)listener["operating_status"]);
        Assert.Equal(lb, (string?)listener["loadbalancers"]![0]!["id"]);
        Assert.Equal("NONE", (string?)listener["client_authentication"]);
    }

    [Fact]
    public async Task Two_listeners_never_share_a_port()
    {
        await using var cloud = await BalancerCloud.Start();
        var lb = await cloud.Balancer();
        await cloud.Listener(lb);
        Assert.Contains("already using", await cloud.Refused(
            409, "POST", "/listeners", new { listener = new { loadbalancer_id = lb, protocol = "TCP", protocol_port = 80 } }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_haproxy_does_not_carry_is_refused_with_the_reason()
    {
        await using var cloud = await BalancerCloud.Start();
        var lb = await cloud.Balancer();
        Assert.Contains("haproxy", await cloud.Refused(
            501, "POST", "/listeners", new { listener = new { loadbalancer_id = lb, protocol = "UDP", protocol_port = 53 } }), StringComparison.Ordinal);
        await cloud.Refused(501, "POST", "/pools", new { pool = new { loadbalancer_id = lb, protocol = "UDP", lb_algorithm = "ROUND_ROBIN" } });
        await cloud.Refused(501, "POST", "/pools", new { pool = new { loadbalancer_id = lb, protocol = "TCP", lb_algorithm = "SOURCE_IP_PORT" } });
        var pool = await cloud.Pool(lb);
        await cloud.Refused(400, "POST", "/healthmonitors", new { healthmonitor = new { pool_id = pool, type = "PING", delay = 5, timeout = 3, max_retries = 2 } });
        await cloud.Refused(501, "POST", "/healthmonitors", new
        {
            healthmonitor = new
            {
                pool_id = pool, type = "UDP-CONNECT", delay = 5, timeout = 3,
                max_retries = 2
            }
        });
    }

    [Fact]
    public async Task Members_show_what_their_monitor_finds()
    {
        await using var cloud = await BalancerCloud.Start();
        var lb = await cloud.Balancer();
        var listener = await cloud.Listener(lb);
        var pool = await cloud.Part("/pools", new { pool = new { listener_id = listener, protocol = "HTTP", lb_algorithm = "ROUND_ROBIN" } });
        var first = await cloud.Part($"/pools/{pool}/members", new { member = new { address = "10.0.0.7", protocol_port = 80 } });
        var second = await cloud.Part($"/pools/{pool}/members", new { member = new { address = "10.0.0.8", protocol_port = 80, weight = 0 } });
        Assert.Equal("NO_MONITOR", (string?)(await cloud.Show($"/pools/{pool}/members/{first}"))["operating_status"]);
        var monitor = await cloud.Part("/healthmonitors", new { healthmonitor = new { pool_id = pool, type = "TCP", delay = 5, timeout = 3, max_retries = 2 } });
        Assert.Equal("ONLINE", (string?)(await cloud.Show($"/pools/{pool}/members/{first}"))["operating_status"]);
        Assert.Equal("DRAINING", (string?)(await cloud.Show($"/pools/{pool}/members/{second}"))["operating_status"]);
        cloud.Sights[lb] = new BalancerSight([first]);
        await cloud.Obey();
        Assert.Equal("ERROR", (string?)(await cloud.Show($"/pools/{pool}/members/{first}"))["operating_status"]);
        Assert.Equal("DEGRADED", (string?)(await cloud.Show("/pools/" + pool))["operating_status"]);
        Assert.Equal("DEGRADED", (string?)(await cloud.Show("/loadbalancers/" + lb))["operating_status"]);
        Assert.Equal("ACTIVE", (string?)(await cloud.Show("/loadbalancers/" + lb))["provisioning_status"]);
        cloud.Sights.Clear();
        await cloud.Ok("DELETE", "/healthmonitors/" + monitor);
        await cloud.Obey();
        Assert.Equal("NO_MONITOR", (string?)(await cloud.Show($"/pools/{pool}/members/{first}"))["operating_status"]);
        Assert.Null((string?)(await cloud.Show("/pools/" + pool))["healthmonitor_id"]);
    }

    [Fact]
    public async Task A_batch_makes_changes_and_removes_members()
    {
        await using var cloud = await BalancerCloud.Start();
        var lb = await cloud.Balancer();
        var pool = await cloud.Pool(lb);
        var kept = await cloud.Part($"/pools/{pool}/members", new { member = new { address = "10.0.0.7", protocol_port = 80 } });
        await cloud.Part($"/pools/{pool}/members", new { member = new { address = "10.0.0.8", protocol_port = 80 } });
        object[] members = [new { address = "10.0.0.7", protocol_port = 80, weight = 9 }, new { address = "10.0.0.9", protocol_port = 80 }];
        await cloud.Ok("PUT", $"/pools/{pool}/members", new { members }, status: 202);
        await cloud.Obey();
        var shown = (await cloud.Ok("GET", $"/pools/{pool}/members?sort=address"))["members"]!.AsArray();
        Assert.Equal(["10.0.0.7", "10.0.0.9"], shown.Select(member => (string?)member!["address"]));
        Assert.Equal((kept, 9), ((string?)shown[0]!["id"], (int)shown[0]!["weight"]!));
        await cloud.Ok("PUT", $"/pools/{pool}/members?additive_only=true", new { members = new object[] { new { address = "10.0.0.10", protocol_port = 80 } } },
            status: 202);
        await cloud.Obey();
        Assert.Equal(3, (await cloud.Ok("GET", $"/pools/{pool}/members"))["members"]!.AsArray().Count);
        await cloud.Refused(400, "PUT", $"/pools/{pool}/members", new { members = new object[] { new { address = "10.0.0.10" }, new { protocol_port = 1 } } });
    }

    [Fact]
    public async Task Policies_keep_their_places_from_one_on()
    {
        await using var cloud = await BalancerCloud.Start();
        var lb = await cloud.Balancer();
        var listener = await cloud.Listener(lb);
        var first = await cloud.Part("/l7policies", new { l7policy = new { listener_id = listener, action = "REJECT" } });
        var second = await cloud.Part("/l7policies", new
        {
            l7policy = new
            {
                listener_id = listener, action = "REDIRECT_TO_URL",
                redirect_url = "https://example.org/", position = 1
            }
        });
        Assert.Equal(1, (int)(await cloud.Show("/l7policies/" + second))["position"]!);
        Assert.Equal(302, (int)(await cloud.Show("/l7policies/" + second))["redirect_http_code"]!);
        Assert.Equal(2, (int)(await cloud.Show("/l7policies/" + first))["position"]!);
        await cloud.Ok("PUT", "/l7policies/" + first, new { l7policy = new { position = 1 } });
        await cloud.Obey();
        Assert.Equal(2, (int)(await cloud.Show("/l7policies/" + second))["position"]!);
        var rule = await cloud.Part($"/l7policies/{first}/rules", new { rule = new { type = "COOKIE", compare_type = "REGEX", key = "who", value = "^a+$" } });
        Assert.Equal("^a+$", (string?)(await cloud.Show($"/l7policies/{first}/rules/{rule}"))["value"]);
        await cloud.Refused(400, "POST", $"/l7policies/{first}/rules", new { rule = new { type = "COOKIE", compare_type = "REGEX", key = "who", value = "(" } });
        await cloud.Refused(400, "POST", $"/l7policies/{first}/rules", new { rule = new { type = "PATH", compare_type = "EQUAL_TO", key = "x", value = "/" } });
        await cloud.Ok("DELETE", $"/l7policies/{first}/rules/{rule}");
        await cloud.Obey();
        await cloud.Refused(404, "GET", $"/l7policies/{first}/rules/{rule}");
    }

    [Fact]
    public async Task A_pool_in_use_by_a_policy_stays_and_one_of_a_listener_leaves_it()
    {
        await using var cloud = await BalancerCloud.Start();
        var lb = await cloud.Balancer();
        var listener = await cloud.Listener(lb);
        var main = await cloud.Part("/pools", new { pool = new { listener_id = listener, protocol = "HTTP", lb_algorithm = "ROUND_ROBIN" } });
        var spare = await cloud.Pool(lb);
        var policy = await cloud.Part("/l7policies", new { l7policy = new { listener_id = listener, action = "REDIRECT_TO_POOL", redirect_pool_id = spare } });
        Assert.Contains(policy, await cloud.Refused(409, "DELETE", "/pools/" + spare), StringComparison.Ordinal);
        await cloud.Refused(409, "POST", "/pools", new { pool = new { listener_id = listener, protocol = "HTTP", lb_algorithm = "ROUND_ROBIN" } });
        await cloud.Ok("DELETE", "/pools/" + main);
        await cloud.Obey();
        Assert.Null((string?)(await cloud.Show("/listeners/" + listener))["default_pool_id"]);
        Assert.Null((await cloud.Spec(lb))!.Listeners[0].PoolId);
    }

    [Fact]
    public async Task Certificates_come_from_the_key_manager_and_go_to_the_node_alone()
    {
        await using var cloud = await BalancerCloud.Start();
        cloud.Certificates["https://keys/one"] = "PEM ONE";
        cloud.Certificates["https://keys/two"] = "PEM TWO";
        var lb = await cloud.Balancer();
        var listener = await cloud.Part("/listeners", new
        {
            listener = new
            {
                loadbalancer_id = lb, protocol = "TERMINATED_HTTPS", protocol_port = 443, default_tls_container_ref = "https://keys/one",
                sni_container_refs = new[] { "https://keys/two" }, insert_headers = new Dictionary<string, string> { ["X-Forwarded-For"] = "true" },
            },
        });
        Assert.Equal(["PEM ONE", "PEM TWO"], (await cloud.Spec(lb))!.Listeners[0].Certificates);
        Assert.DoesNotContain("PEM", (await cloud.Show("/listeners/" + listener)).ToJsonString(), StringComparison.Ordinal);
        await cloud.Refused(400, "PUT", "/listeners/" + listener, new { listener = new { default_tls_container_ref = "https://keys/none" } });
        await cloud.Refused(400, "POST", "/listeners", new { listener = new { loadbalancer_id = lb, protocol = "TERMINATED_HTTPS", protocol_port = 444 } });
    }

    [Fact]
    public async Task Without_a_key_manager_no_listener_ends_tls()
    {
        await using var cloud = await BalancerCloud.Start(keys: false);
        var lb = await cloud.Balancer();
        Assert.Contains("key manager", await cloud.Refused(501, "POST", "/listeners", new
        {
            listener = new { loadbalancer_id = lb, protocol = "TERMINATED_HTTPS", protocol_port = 443, default_tls_container_ref = "https://keys/one" },
        }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/listeners", "listener", "{\"loadbalancer_id\": \"LB\", \"protocol\": \"HTTP\", \"protocol_port\": 70000}")]
    [InlineData("/listeners", "listener", "{\"loadbalancer_id\": \"LB\", \"protocol\": \"SMTP\", \"protocol_port\": 25}")]
    [InlineData("/listeners", "listener", "{\"loadbalancer_id\": \"LB\", \"protocol\": \"HTTP\"}")]
    [InlineData("/listeners", "listener", "{\"protocol\": \"HTTP\", \"protocol_port\": 1}")]
    [InlineData("/listeners", "listener", "{\"loadbalancer_id\": \"LB\", \"protocol\": \"HTTP\", \"protocol_port\": 1, \"allowed_cidrs\": [\"10.0.0.0/33\"]}")]
    [InlineData("/listeners", "listener", "{\"loadbalancer_id\": \"LB\", \"protocol\": \"HTTP\", \"protocol_port\": 1, \"allowed_cidrs\": [\"fd00::/64\"]}")]
    [InlineData("/listeners", "listener",
        "{\"loadbalancer_id\": \"LB\", \"protocol\": \"TCP\", \"protocol_port\": 1, \"insert_headers\": {\"X-Forwarded-For\": \"true\"}}")]
    [InlineData("/listeners", "listener", "{\"loadbalancer_id\": \"LB\", \"protocol\": \"TCP\", \"protocol_port\": 1, \"timeout_client_data\": -1}")]
    [InlineData("/pools", "pool", "{\"loadbalancer_id\": \"LB\", \"protocol\": \"HTTP\", \"lb_algorithm\": \"RANDOM\"}")]
    [InlineData("/pools", "pool", "{\"loadbalancer_id\": \"LB\", \"protocol\": \"HTTP\"}")]
    [InlineData("/pools", "pool", "{\"protocol\": \"HTTP\", \"lb_algorithm\": \"ROUND_ROBIN\"}")]
    [InlineData("/pools", "pool",
        "{\"loadbalancer_id\": \"LB\", \"protocol\": \"HTTP\", \"lb_algorithm\": \"ROUND_ROBIN\", \"session_persistence\": {\"type\": \"APP_COOKIE\"}}")]
    [InlineData("/pools", "pool",
        "{\"loadbalancer_id\": \"LB\", \"protocol\": \"TCP\", \"lb_algorithm\": \"ROUND_ROBIN\", \"session_persistence\": {\"type\": \"HTTP_COOKIE\"}}")]
    [InlineData("/pools/POOL/members", "member", "{\"address\": \"10.0.0.300\", \"protocol_port\": 80}")]
    [InlineData("/pools/POOL/members", "member", "{\"address\": \"127.0.0.1\", \"protocol_port\": 80}")]
    [InlineData("/pools/POOL/members", "member", "{\"address\": \"10.0.0.3\", \"protocol_port\": 80, \"weight\": 257}")]
    [InlineData("/pools/POOL/members", "member", "{\"address\": \"10.0.0.3\"}")]
    [InlineData("/healthmonitors", "healthmonitor", "{\"pool_id\": \"POOL\", \"type\": \"HTTP\", \"delay\": 1, \"timeout\": 2, \"max_retries\": 1}")]
    [InlineData("/healthmonitors", "healthmonitor", "{\"pool_id\": \"POOL\", \"type\": \"HTTP\", \"delay\": 2, \"timeout\": 2, \"max_retries\": 11}")]
    [InlineData("/healthmonitors", "healthmonitor",
        "{\"pool_id\": \"POOL\", \"type\": \"HTTP\", \"delay\": 2, \"timeout\": 2, \"max_retries\": 1, \"url_path\": \"up now\"}")]
    [InlineData("/healthmonitors", "healthmonitor",
        "{\"pool_id\": \"POOL\", \"type\": \"HTTP\", \"delay\": 2, \"timeout\": 2, \"max_retries\": 1, \"expected_codes\": \"2xx\"}")]
    [InlineData("/l7policies", "l7policy", "{\"listener_id\": \"LISTENER\", \"action\": \"REDIRECT_TO_URL\"}")]
    [InlineData("/l7policies", "l7policy", "{\"listener_id\": \"LISTENER\", \"action\": \"REDIRECT_TO_URL\", \"redirect_url\": \"ftp://x/\"}")]
    [InlineData("/l7policies", "l7policy", "{\"listener_id\": \"LISTENER\", \"action\": \"DROP\"}")]
    public async Task Bad_parts_are_400_with_a_reason(string path, string name, string body)
    {
        await using var cloud = await BalancerCloud.Start();
        var lb = await cloud.Balancer();
        var ids = new Dictionary<string, string> { ["LISTENER"] = await cloud.Listener(lb), ["POOL"] = await cloud.Pool(lb), ["LB"] = lb };
        foreach (var (mark, id) in ids) (path, body) = (path.Replace(mark, id, StringComparison.Ordinal), body.Replace($"\"{mark}\"", $"\"{id}\"",
            StringComparison.Ordinal));
        Assert.NotEmpty(await cloud.Refused(400, "POST", path, $"{{\"{name}\": {body}}}"));
        Assert.Equal("ACTIVE", (string?)(await cloud.Show("/loadbalancers/" + lb))["provisioning_status"]);
    }

    [Fact]
    public async Task Switched_off_nothing_listens()
    {
        await using var cloud = await BalancerCloud.Start();
        var lb = await cloud.Balancer();
        var listener = await cloud.Listener(lb);
        await cloud.Ok("PUT", "/listeners/" + listener, new { listener = new { admin_state_up = false } });
        await cloud.Obey();
        Assert.Empty((await cloud.Spec(lb))!.Listeners);
        Assert.Equal("OFFLINE", (string?)(await cloud.Show("/listeners/" + listener))["operating_status"]);
    }
}
