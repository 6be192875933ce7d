using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>What a server goes through beside starting and stopping: it stands still, sleeps, is rebuilt, resized, copied, mended and shelved, and gets and loses
/// a NIC.</summary>
internal static class OtherLives
{
    private const string Token = "member-a";

    public static void Walk(HouseWorld house)
    {
        var client = new CarefulClient(house.Cloud, Token);
        client.Until("the node registers", () => client.List("/network/v2.0/networks?router:external=true", "networks").Count > 0);
        var network = HouseWalkTests.Id(client.Ensure("/network/v2.0/networks", "networks", "network", "n", """{"network":{"name":"n"}}"""));
        client.Ensure(
            "/network/v2.0/subnets", "subnets", "subnet", "s", $$$"""{"subnet":{"name":"s","network_id":"{{{network}}}","ip_version":4,"cidr":"10.1.0.0/24"}}""");
        var server = HouseWalkTests.Server(client, network);
        HouseWalkTests.Power(client, server, "pause", "PAUSED");
        HouseWalkTests.Power(client, server, "unpause", "ACTIVE");
        HouseWalkTests.Power(client, server, "suspend", "SUSPENDED");
        HouseWalkTests.Power(client, server, "resume", "ACTIVE");
        HouseWalkTests.Check(house, server);
        Rebuild(client, server);
        Resize(client, server, "revertResize", "SCS-1L-1");
        Resize(client, server, "confirmResize", "SCS-2V-4");
        Nic(client, server, network);
        Copy(client, server);
        HouseWalkTests.Check(house, server);
        HouseWalkTests.Power(client, server, "rescue", "RESCUE");
        HouseWalkTests.Power(client, server, "unrescue", "ACTIVE");
        HouseWalkTests.Check(house, server);
        HouseWalkTests.Power(client, server, "shelve", "SHELVED_OFFLOADED");
        HouseWalkTests.Power(client, server, "unshelve", "ACTIVE");
        HouseWalkTests.Check(house, server);
        client.Delete($"/compute/v2.1/servers/{server}");
        client.Delete($"/network/v2.0/networks/{network}");
    }

    private static void Rebuild(CarefulClient client, string server) => client.Until(
        "the rebuild",
        () => Name(client, server) == "rebuilt" && Idle(client, server, "ACTIVE"),
        () =>
        {
            if (Name(client, server) != "rebuilt") Act(client, server, $$$"""{"rebuild":{"imageRef":"{{{SimulatedImages.Id}}}","name":"rebuilt"}}""");
        });

    private static void Resize(CarefulClient client, string server, string end, string flavorAfter)
    {
        var flavors = client.List("/compute/v2.1/flavors", "flavors");
        string Flavor(string name) => HouseWalkTests.Id(flavors.First(flavor => (string?)flavor["name"] == name));
        client.Until(
            "the resize",
            () => Idle(client, server, "VERIFY_RESIZE"),
            () =>
            {
                if (Idle(client, server, "ACTIVE")) Act(client, server, $$$"""{"resize":{"flavorRef":"{{{Flavor("SCS-2V-4")}}}"}}""");
            });
        client.Until(
            end,
            () => Idle(client, server, "ACTIVE"),
            () =>
            {
                if (Idle(client, server, "VERIFY_RESIZE")) Act(client, server, $$"""{"{{end}}":null}""");
            });
        var now = (string?)client.Show($"/compute/v2.1/servers/{server}", "server")["flavor"]!["id"];
        if (now != Flavor(flavorAfter)) throw new InvalidOperationException($"After {end} the server has another flavor than {flavorAfter}.");
    }

    private static void Nic(CarefulClient client, string server, string network)
    {
        List<string> Ports() => [.. client.List($"/compute/v2.1/servers/{server}/os-interface", "interfaceAttachments").Select(port => (string)port["port_id"]!)];
        var first = Ports().Single();
        client.Until(
            "the second NIC",
            () => Ports().Count == 2,
            () => client.Sent("POST", $"/compute/v2.1/servers/{server}/os-interface", $$$"""{"interfaceAttachment":{"net_id":"{{{network}}}"}}"""));
        client.Until("the NIC goes", () => Ports().Count == 1, () =>
        {
            if (Ports().Find(port => port != first) is { } second) client.Sent("DELETE", $"/compute/v2.1/servers/{server}/os-interface/{second}");
        });
    }

    private static void Copy(CarefulClient client, string server)
    {
        bool Made() => client.List($"/compute/v2.1/servers/{server}/os-instance-actions", "instanceActions").Any(action => (string?)action["action"] == "createImage");
        client.Until("the image", () => Made() && Idle(client, server, "ACTIVE"), () =>
        {
            if (!Made()) Act(client, server, """{"createImage":{"name":"copy"}}""");
        });
    }

    private static bool Idle(CarefulClient client, string server, string status) =>
        HouseWalkTests.Status(client, server) == status && Shown(client, server)["OS-EXT-STS:task_state"] is null;

    private static string? Name(CarefulClient client, string server) => (string?)Shown(client, server)["name"];

    private static JsonNode Shown(CarefulClient client, string server) => client.Show($"/compute/v2.1/servers/{server}", "server");

    private static void Act(CarefulClient client, string server, string body) => client.Sent("POST", $"/compute/v2.1/servers/{server}/action", body);
}
