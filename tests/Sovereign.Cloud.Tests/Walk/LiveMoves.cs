using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>A server that runs on while it goes to another node, and back; whose move is aborted; and that is deleted on its way.</summary>
internal static class LiveMoves
{
    private const string Token = "admin";
    private const string Live = """{"os-migrateLive":{"host":null,"block_migration":true,"disk_over_commit":false}}""";

    public static void Walk(HouseWorld house)
    {
        var client = new CarefulClient(house.Cloud, Token);
        client.Until("both nodes register", () => client.List("/compute/v2.1/os-hypervisors", "hypervisors").Count == 2);
        var network = HouseWalkTests.Id(client.Ensure("/network/v2.0/networks", "networks", "network", "n", """{"network":{"name":"n"}}"""));
        client.Ensure(
            "/network/v2.0/subnets", "subnets", "subnet", "s", $$$"""{"subnet":{"name":"s","network_id":"{{{network}}}","ip_version":4,"cidr":"10.1.0.0/24"}}""");
        var server = HouseWalkTests.Server(client, network);
        var first = Host(client, server);
        Move(client, server, to: host => host != first);
        HouseWalkTests.Check(house, server);
        Move(client, server, to: host => host == first);
        HouseWalkTests.Check(house, server);
        if (Starts(house, server) != 1) throw new InvalidOperationException($"The guest was started {Starts(house, server)} times: it did not run on.");

        var held = new TaskCompletionSource();
        house.Machine.MovesMayEnd = house.Second.MovesMayEnd = held.Task;
        client.Until("a move that is held", () => !Idle(client, server), () => Act(client, server));
        client.Until("its end", () => Idle(client, server), () => Abort(client, server));
        HouseWalkTests.Check(house, server);
        client.Until("another one", () => !Idle(client, server), () => Act(client, server));
        client.Delete($"/compute/v2.1/servers/{server}");
        client.Delete($"/network/v2.0/networks/{network}");
    }

    // A kill in the middle may end a move: the server is where it was then, and is asked to go again.
    private static void Move(CarefulClient client, string server, Func<string?, bool> to) =>
        client.Until("the move", () => Idle(client, server) && to(Host(client, server)), () =>
        {
            if (Idle(client, server)) Act(client, server);
        });

    // As the abort of later versions of the API does.
    private static void Abort(CarefulClient client, string server) =>
        client.Sent("POST", $"/compute/v2.1/servers/{server}/action", """{"os-resetState":{"state":"active"}}""");

    /// <summary>How often the guest was started: once, if it ran on all the time.</summary>
    private static int Starts(HouseWorld house, string server) => new[] { house.Machine, house.Second }
        .Max(machine => machine.Domains.TryGetValue(server, out var domain) ? domain.Starts : 0);

    private static bool Idle(CarefulClient client, string server) =>
        HouseWalkTests.Status(client, server) == "ACTIVE" && Shown(client, server)["OS-EXT-STS:task_state"] is null;

    private static string? Host(CarefulClient client, string server) => (string?)Shown(client, server)["OS-EXT-SRV-ATTR:host"];

    private static JsonNode Shown(CarefulClient client, string server) => client.Show($"/compute/v2.1/servers/{server}", "server");

    private static void Act(CarefulClient client, string server) => client.Sent("POST", $"/compute/v2.1/servers/{server}/action", Live);
}
