using System.Globalization;
using Sovereign.Kernel;
using Sovereign.Node.Contract;
using Sovereign.Placement;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulated;
using Sovereign.Testing.Simulation;
using Xunit;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>The life of a server with its network, router, floating IP and security group, crashed at every point of either process.</summary>
public sealed class HouseWalkTests(ITestOutputHelper output)
{
    private const string Token = "member-a";
    private const int SeedsInCi = 200;
    private const int StrideInCi = 7;
    private const int OtherStrideInCi = 29;

    private static bool Long => Environment.GetEnvironmentVariable("SOVEREIGN_TEST_LONG") == "1";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_crash_at_every_point_of_a_server_s_life_loses_nothing_and_leaves_nothing_behind(string engine)
    {
        HouseWorld? house = null;
        var result = CrashWalk.Run(
            plan => (house = new HouseWorld(3, plan, engine)).Cloud,
            _ => Life(house!),
            _ => Leftovers(house!),
            Long ? 1 : engine == "sqlite" ? StrideInCi : StrideInCi * 5);
        foreach (var (name, count) in result.ByName.OrderByDescending(p => p.Value)) output.WriteLine($"{count,4}  {name}");
        foreach (var resource in result.ByName.GroupBy(p => Resource(p.Key)).OrderBy(g => g.Key, StringComparer.Ordinal))
            output.WriteLine($"{resource.Key} on {engine}: {resource.Sum(p => p.Value)} points crossed.");
        output.WriteLine($"{result.Points} points crossed on {engine}.");
        foreach (var finding in result.Findings) output.WriteLine(finding);
        Assert.Empty(result.Findings);
        Assert.True(result.Points > 60, $"Only {result.Points} points: the walk does not walk.");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_crash_at_every_point_of_a_server_s_other_lives_loses_nothing_and_leaves_nothing_behind(string engine)
    {
        HouseWorld? house = null;
        var result = CrashWalk.Run(
            plan => (house = new HouseWorld(4, plan, engine)).Cloud,
            _ => OtherLives.Walk(house!),
            _ => Leftovers(house!),
            Long ? 1 : engine == "sqlite" ? OtherStrideInCi : OtherStrideInCi * 5);
        output.WriteLine($"{result.Points} points crossed on {engine}.");
        foreach (var finding in result.Findings) output.WriteLine(finding);
        Assert.Empty(result.Findings);
        Assert.True(result.Points > 200, $"Only {result.Points} points: the walk does not walk.");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_crash_at_every_point_of_what_servers_share_loses_nothing_and_leaves_nothing_behind(string engine)
    {
        HouseWorld? house = null;
        var result = CrashWalk.Run(
            plan => (house = new HouseWorld(6, plan, engine)).Cloud,
            _ => SharedLives.Walk(house!),
            _ => [.. Leftovers(house!), .. Left(house!.Cloud, SharedLives.Tables)],
            Long ? 1 : engine == "sqlite" ? OtherStrideInCi : OtherStrideInCi * 5);
        output.WriteLine($"{result.Points} points crossed on {engine}.");
        foreach (var finding in result.Findings) output.WriteLine(finding);
        Assert.Empty(result.Findings);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_crash_at_every_point_of_a_load_balancer_s_life_loses_nothing_and_leaves_nothing_behind(string engine)
    {
        HouseWorld? house = null;
        var result = CrashWalk.Run(
            plan => (house = new HouseWorld(8, plan, engine)).Cloud,
            _ => BalancerLives.Walk(house!),
            _ => [.. Leftovers(house!), .. Left(house!.Cloud, BalancerLives.Tables)],
            Long ? 1 : engine == "sqlite" ? OtherStrideInCi : OtherStrideInCi * 5);
        output.WriteLine($"{result.Points} points crossed on {engine}.");
        foreach (var finding in result.Findings) output.WriteLine(finding);
        Assert.Empty(result.Findings);
        Assert.True(result.Points > 60, $"Only {result.Points} points: the walk does not walk.");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_crash_at_every_point_of_what_operators_put_on_nodes_loses_nothing_and_leaves_nothing_behind(string engine)
    {
        HouseWorld? house = null;
        var result = CrashWalk.Run(
            plan => (house = new HouseWorld(7, plan, engine)).Cloud,
            _ => PlacedLives.Walk(house!),
            _ => [.. Leftovers(house!), .. Left(house!.Cloud, PlacedLives.Tables)],
            Long ? 1 : engine == "sqlite" ? OtherStrideInCi : OtherStrideInCi * 5);
        output.WriteLine($"{result.Points} points crossed on {engine}.");
        foreach (var finding in result.Findings) output.WriteLine(finding);
        Assert.Empty(result.Findings);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_crash_at_every_point_of_a_move_between_nodes_runs_no_server_twice_and_leaves_nothing_behind(string engine)
    {
        HouseWorld? house = null;
        var result = CrashWalk.Run(
            plan => (house = new HouseWorld(6, plan, engine, twoNodes: true)).Cloud,
            _ => MovingLives.Walk(house!),
            _ => Leftovers(house!),
            Long ? 1 : engine == "sqlite" ? OtherStrideInCi : OtherStrideInCi * 5);
        output.WriteLine($"{result.Points} points crossed on {engine}.");
        foreach (var finding in result.Findings) output.WriteLine(finding);
        Assert.Empty(result.Findings);
        Assert.True(result.Points > 100, $"Only {result.Points} points: the walk does not walk.");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_crash_at_every_point_of_a_live_migration_runs_no_server_twice_loses_none_and_leaves_nothing_behind(string engine)
    {
        HouseWorld? house = null;
        var result = CrashWalk.Run(
            plan => (house = new HouseWorld(8, plan, engine, twoNodes: true)).Cloud,
            _ => LiveMoves.Walk(house!),
            _ => [.. Leftovers(house!), .. Left(house!.Cloud, ["port_arrivals"])],
            Long ? 1 : engine == "sqlite" ? OtherStrideInCi : OtherStrideInCi * 5);
        output.WriteLine($"{result.Points} points crossed on {engine}.");
        foreach (var finding in result.Findings) output.WriteLine(finding);
        Assert.Empty(result.Findings);
        Assert.True(result.Points > 100, $"Only {result.Points} points: the walk does not walk.");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_crash_at_every_point_of_a_backup_s_life_keeps_what_was_written_and_leaves_nothing_behind(string engine)
    {
        HouseWorld? house = null;
        var result = CrashWalk.Run(
            plan => (house = new HouseWorld(9, plan, engine)).Cloud,
            _ => BackupLives.Walk(house!),
            _ => [.. Leftovers(house!), .. Left(house!.Cloud, BackupLives.Tables), .. BackupLives.Left(house!)],
            Long ? 1 : engine == "sqlite" ? OtherStrideInCi : OtherStrideInCi * 5);
        output.WriteLine($"{result.Points} points crossed on {engine}.");
        foreach (var finding in result.Findings) output.WriteLine(finding);
        Assert.Empty(result.Findings);
        Assert.True(result.Points > 200, $"Only {result.Points} points: the walk does not walk.");
    }

    [Fact]
    public void A_planted_leak_is_found_and_its_seed_finds_it_again()
    {
        for (var again = 0; again < 2; again++)
        {
            var house = new HouseWorld(5, new CrashPlan()) { ForgetsRouters = true };
            using var cloud = house.Cloud;
            Life(house);
            Assert.Contains(Leftovers(house), finding => finding.Contains("router", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_same_seed_twice_gives_the_same_journal_head()
    {
        Assert.Equal(Head(11), Head(11));
        Assert.NotEqual(Head(11), Head(12));
    }

    [Fact]
    public void Two_hundred_seeds_each_with_a_crash_somewhere_end_whole()
    {
        var seeds = Long ? SeedsInCi * 5 : SeedsInCi;
        var findings = new List<string>();
        for (var seed = 1000; seed < 1000 + seeds; seed++)
        {
            var house = new HouseWorld(seed, new CrashPlan { CrashAt = 1 + (seed * 37 % 150) });
            using var cloud = house.Cloud;
            try
            {
                cloud.Up();
                cloud.Plan.Counting = true;
                Life(house);
                cloud.Plan.Counting = false;
                findings.AddRange(Leftovers(house).Select(f => $"seed {seed}: {f}"));
            }
            catch (Exception error) when (error is TimeoutException or InvalidOperationException)
            {
                findings.Add($"seed {seed}: {error.Message}");
            }

            findings.AddRange(cloud.Scheduler.Unhandled.Select(error => $"seed {seed}: unhandled {error}"));
        }

        foreach (var finding in findings) output.WriteLine(finding);
        Assert.Empty(findings);
    }

    /// <summary>"server" of "control plane: before commit of server.place", "port" of "agent: fabric.ensure-port:before".</summary>
    private static string Resource(string point)
    {
        var name = point[(point.LastIndexOf(' ') + 1)..].Split(':')[0];
        var (room, act) = (name.Split('.')[0], name.Split('.')[^1]);
        return room switch
        {
            "fabric" => act.Split('-')[^1],
            "hypervisor" => "domain",
            "disks" => "disk",
            _ => room,
        };
    }

    private static string Head(int seed)
    {
        var house = new HouseWorld(seed, new CrashPlan());
        using var cloud = house.Cloud;
        Life(house);
        Assert.Empty(cloud.Scheduler.Unhandled);
        return cloud.ControlPlane!.Kernel.Journal.Head().Hash;
    }

    /// <summary>Makes everything, checks that ACTIVE is true, stops and starts, and deletes everything.</summary>
    private static void Life(HouseWorld house)
    {
        var client = new CarefulClient(house.Cloud, Token);
        client.Until("the node registers", () => client.List("/network/v2.0/networks?router:external=true", "networks").Count > 0);
        var external = (string)client.List("/network/v2.0/networks?router:external=true", "networks")[0]["id"]!;
        var network = Id(client.Ensure("/network/v2.0/networks", "networks", "network", "n", """{"network":{"name":"n"}}"""));
        var subnet = Id(client.Ensure(
            "/network/v2.0/subnets", "subnets", "subnet", "s", $$$"""{"subnet":{"name":"s","network_id":"{{{network}}}","ip_version":4,"cidr":"10.1.0.0/24"}}"""));
        var router = Id(client.Ensure(
            "/network/v2.0/routers", "routers", "router", "r", $$$$"""{"router":{"name":"r","external_gateway_info":{"network_id":"{{{{external}}}}"}}}"""));
        client.Until(
            "the router's interface",
            () => client.List($"/network/v2.0/ports?device_id={router}", "ports").Any(port => (string?)port["network_id"] == network),
            () => client.Sent("PUT", $"/network/v2.0/routers/{router}/add_router_interface", $$"""{"subnet_id":"{{subnet}}"}"""));
        var server = Server(client, network);
        var floating = FloatingIp(client, external, server);
        Check(house, server);
        Power(client, server, "os-stop", "SHUTOFF");
        Power(client, server, "os-start", "ACTIVE");
        Check(house, server);
        client.Delete($"/compute/v2.1/servers/{server}");
        client.Delete($"/network/v2.0/floatingips/{floating}");
        client.Until(
            "the interface goes",
            () => !client.List($"/network/v2.0/ports?device_id={router}", "ports").Any(port => (string?)port["network_id"] == network),
            () => client.Sent("PUT", $"/network/v2.0/routers/{router}/remove_router_interface", $$"""{"subnet_id":"{{subnet}}"}"""));
        client.Delete($"/network/v2.0/routers/{router}");
        client.Delete($"/network/v2.0/networks/{network}");
    }

    internal static string Server(CarefulClient client, string network)
    {
        var flavor = Id(client.List("/compute/v2.1/flavors", "flavors").First(f => (string?)f["name"] == "SCS-1L-1"));
        var id = Id(client.Ensure(
            "/compute/v2.1/servers", "servers", "server", "vm",
            $$$"""{"server":{"name":"vm","flavorRef":"{{{flavor}}}","imageRef":"{{{SimulatedImages.Id}}}","networks":[{"uuid":"{{{network}}}"}]}}"""));
        client.Until("the server becomes ACTIVE", () => Status(client, id) == "ACTIVE");
        return id;
    }

    private static string FloatingIp(CarefulClient client, string external, string server)
    {
        var port = Id(client.List($"/network/v2.0/ports?device_id={server}", "ports")[0]);
        client.Until(
            "the floating IP",
            () => client.List($"/network/v2.0/floatingips?port_id={port}", "floatingips").Count == 1,
            () => client.Sent("POST", "/network/v2.0/floatingips", $$$"""{"floatingip":{"floating_network_id":"{{{external}}}","port_id":"{{{port}}}"}}"""));
        return Id(client.List($"/network/v2.0/floatingips?port_id={port}", "floatingips")[0]);
    }

    internal static void Power(CarefulClient client, string server, string action, string status) => client.Until(
        $"{action} makes the server {status}",
        () => Status(client, server) == status,
        () => client.Sent("POST", $"/compute/v2.1/servers/{server}/action", $$"""{"{{action}}":null}"""));

    internal static string? Status(CarefulClient client, string server)
    {
        var shown = client.Show($"/compute/v2.1/servers/{server}", "server");
        return (string?)shown["status"] == "ERROR" ? throw new InvalidOperationException($"The server is in ERROR: {shown["fault"]}") : (string?)shown["status"];
    }

    internal static void Check(HouseWorld house, string server)
    {
        if (!new[] { house.Machine, house.Second }.Any(machine => machine.Domains.TryGetValue(server, out var domain)
            && domain.Power == Sovereign.Node.Hypervisor.DomainPower.Running))
        {
            throw new InvalidOperationException("The server is ACTIVE but its domain was lost.");
        }
    }

    /// <summary>What rest leaves: things on the machine, rows, work, and books that don't add up.</summary>
    internal static List<string> Leftovers(HouseWorld house)
    {
        var cloud = house.Cloud;
        cloud.RunUntil(() => Rows(cloud, "due") == 0 && Rows(cloud, "manifest_items") == 0, TimeSpan.FromMinutes(30), "rest");
        var kernel = cloud.ControlPlane!.Kernel;
        var placement = cloud.ControlPlane.Modules.OfType<PlacementModule>().Single();
        return
        [
            .. Leftovers(house.Machine), .. Leftovers(house.Second).Select(left => "on the second node " + left),
            .. house.Carries.List().Select(id => $"the carried disks of {id} were left behind"),
            .. house.Doubles.Select(id => $"the server {id} ran twice"),
            .. Left(cloud, ["compute_servers", "routers", "ports", "floating_ips", "fixed_addresses", "placement_allocations", "compute_snapshots", "node_carries"]),
            .. kernel.Quotas.Verify(), .. kernel.Journal.Verify(), .. placement.Verify(),
        ];
    }

    private static List<string> Leftovers(SimulatedMachine machine) =>
    [
            .. machine.Domains.Keys.Select(id => $"the domain {id} was left behind"),
            .. machine.Disks.Keys.Select(id => $"the disk {id} was left behind"),
            .. machine.Ports.Keys.Select(id => $"the port {id} was left behind"),
            .. machine.Balancers.Keys.Select(id => $"the load balancer {id} was left behind"),
            .. machine.Routers.Keys.Select(id => $"the router {id} was left behind"),
            .. machine.Networks.Keys.Select(id => $"the network {id} was left behind"),
            .. machine.Snapshots.Keys.Select(id => $"the copy {id} was left behind"),
            .. machine.Rescues.Select(id => $"the rescue disk of {id} was left behind"),
            .. machine.Stored.Keys.Select(id => $"the agent still remembers {id}"),
    ];

    private static IEnumerable<string> Left(SimulatedWorld cloud, IEnumerable<string> tables) =>
        tables.Where(table => Rows(cloud, table) > 0).Select(table => $"{Rows(cloud, table)} rows of {table} were left behind");

    private static long Rows(SimulatedWorld cloud, string table) => cloud.ControlPlane is { } life
        ? life.Kernel.Database.Read(session => session.Scalar<long>(string.Create(CultureInfo.InvariantCulture, $"SELECT COUNT(*) FROM {table}"))) : 1;

    internal static string Id(System.Text.Json.Nodes.JsonNode node) => (string)node["id"]!;
}
