using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>A server that is moved between two nodes: back again, for good, and away while it is deleted.</summary>
internal static class MovingLives
{
    private const string Token = "admin";

    public static void Walk(HouseWorld house)
    {
        var client = new CarefulClient(house.Cloud, Token);
        client.Until("both nodes register", () => client.List("/compute/v2.1/os-hypervisors", "hypervisors").Count == 2);
        var network = HouseWalkTests.Id(client.Ensure("/network/v2.0/networks", "networks", "network", "n", """{"network":{"name":"n"}}"""));
        client.Ensure(
            "/network/v2.0/subnets", "subnets", "subnet", "s", $$$"""{"subnet":{"name":"s","network_id":"{{{network}}}","ip_version":4,"cidr":"10.1.0.0/24"}}""");
        var server = HouseWalkTests.Server(client, network);
        var first = Host(client, server);
        Move(client, server, "revertResize");
        HouseWalkTests.Check(house, server);
        Same("After the way back the server is on another node.", first, Host(client, server));
        Move(client, server, "confirmResize");
        HouseWalkTests.Check(house, server);
        if (Host(client, server) == first) throw new InvalidOperationException("After the move the server is where it was.");
        client.Until("another move", () => !Idle(client, server, "ACTIVE"), () => Act(client, server, """{"migrate":null}"""));
        client.Delete($"/compute/v2.1/servers/{server}");
        client.Delete($"/network/v2.0/networks/{network}");
    }

    private static void Move(CarefulClient client, string server, string end)
    {
        client.Until("the move", () => Idle(client, server, "VERIFY_RESIZE"), () =>
        {
            if (Idle(client, server, "ACTIVE")) Act(client, server, """{"migrate":null}""");
        });
        client.Until(end, () => Idle(client, server, "ACTIVE"), () =>
        {
            if (Idle(client, server, "VERIFY_RESIZE")) Act(client, server, $$"""{"{{end}}":null}""");
        });
    }

    private static void Same(string otherwise, string? expected, string? actual)
    {
        if (expected != actual) throw new InvalidOperationException(otherwise);
    }

    private static bool Idle(CarefulClient client, string server, string status) =>
        HouseWalkTests.Status(client, server) == status && Shown(client, server)["OS-EXT-STS:task_state"] is null;

    private static string? Host(CarefulClient client, string server) => (string?)Shown(client, server)["OS-EXT-SRV-ATTR:host"];

    private static JsonNode Shown(CarefulClient client, string server) => client.Show($"/compute/v2.1/servers/{server}", "server");

    private static void Act(CarefulClient client, string server, string body) => client.Sent("POST", $"/compute/v2.1/servers/{server}/action", body);
}
