using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>A volume that a server has is backed up, and what is written after that too; volumes are made of both and hold what was written; one backup is
/// read from a snapshot, one is given up while it is made; all is deleted.</summary>
internal static class BackupLives
{
    private const string Volumes = "/volume/v3/volumes";
    private const string Backups = "/volume/v3/backups";
    private const string Snapshots = "/volume/v3/snapshots";
    private const int SecondPlace = 20_000;
    private const int ThirdPlace = 40_000;

    /// <summary>Rows that must be gone after it.</summary>
    public static readonly string[] Tables = ["volumes", "volume_backups", "volume_snapshots", "volume_attachments"];

    /// <summary>Things that are on the machine or in the store after it.</summary>
    public static IEnumerable<string> Left(HouseWorld house) =>
    [
        .. house.Machine.Volumes.Keys.Select(id => $"the volume {id} was left behind"),
        .. house.Machine.VolumeSnapshots.Keys.Select(point => $"the point {point.Id} of volume {point.Volume} was left behind"),
        .. house.Backups.Keys.Select(name => $"the bytes {name} were left in the store of backups"),
    ];

    public static void Walk(HouseWorld house)
    {
        var (admin, client) = (new CarefulClient(house.Cloud, "admin"), new CarefulClient(house.Cloud, "member-a"));
        client.Until("the node registers", () => client.List("/network/v2.0/networks?router:external=true", "networks").Count > 0);
        var network = HouseWalkTests.Id(client.Ensure("/network/v2.0/networks", "networks", "network", "n", """{"network":{"name":"n"}}"""));
        client.Ensure(
            "/network/v2.0/subnets", "subnets", "subnet", "s", $$$"""{"subnet":{"name":"s","network_id":"{{{network}}}","ip_version":4,"cidr":"10.1.0.0/24"}}""");
        var server = HouseWalkTests.Server(client, network);
        var volume = Made(client, Volumes, """{"volume":{"name":"v","size":1}}""");
        Attach(client, server, volume);
        Write(house, volume, 0, 1);
        var full = Made(client, Backups, $$$"""{"backup":{"name":"f","volume_id":"{{{volume}}}","force":true}}""");
        Is(client, Volumes, volume, "in-use");
        Write(house, volume, SecondPlace, 2);
        var changes = Made(client, Backups, $$$"""{"backup":{"name":"i","volume_id":"{{{volume}}}","force":true,"incremental":true}}""");
        if (!(bool)Shown(client, Backups, changes)["is_incremental"]!) throw new InvalidOperationException("The second backup is not incremental.");
        Detach(client, server, volume);
        var snapshot = Made(client, Snapshots, $$$"""{"snapshot":{"name":"s","volume_id":"{{{volume}}}"}}""");
        Write(house, volume, ThirdPlace, 3);
        var frozen = Made(client, Backups, $$$"""{"backup":{"name":"p","volume_id":"{{{volume}}}","snapshot_id":"{{{snapshot}}}"}}""");
        GiveUp(admin, client, volume);
        var (restored, copy) = (Restored(client, changes, "r"), Restored(client, frozen, "c"));
        Holds(house, restored, 1, 2, 0);
        Holds(house, copy, 1, 2, 0);
        Onto(house, client, full, volume);
        string[] all =
        [
            $"{Volumes}/{restored}", $"{Volumes}/{copy}", $"{Backups}/{frozen}", $"{Snapshots}/{snapshot}", $"{Backups}/{changes}", $"{Backups}/{full}",
            $"{Volumes}/{volume}",
        ];
        foreach (var path in all) client.Delete(path);
        client.Delete($"/compute/v2.1/servers/{server}");
        client.Delete($"/network/v2.0/networks/{network}");
    }

    private static void Attach(CarefulClient client, string server, string volume) => client.Until(
        "the server has the volume",
        () => Status(client, Volumes, volume) == "in-use",
        () => client.Sent("POST", $"/compute/v2.1/servers/{server}/os-volume_attachments", $$$"""{"volumeAttachment":{"volumeId":"{{{volume}}}"}}"""));

    private static void Detach(CarefulClient client, string server, string volume) => client.Until(
        "the volume is given back",
        () => Status(client, Volumes, volume) == "available",
        () => client.Sent("DELETE", $"/compute/v2.1/servers/{server}/os-volume_attachments/{volume}"));

    /// <summary>Deleted by the operator while it is made, or just after.</summary>
    private static void GiveUp(CarefulClient admin, CarefulClient client, string volume)
    {
        var id = HouseWalkTests.Id(client.Ensure(
            Backups, "backups", "backup", "g", $$$"""{"backup":{"name":"g","volume_id":"{{{volume}}}","force":true,"incremental":true}}"""));
        admin.Until(
            "the backup is given up",
            () => client.Sent("GET", $"{Backups}/{id}") is { Status: 404 },
            () => admin.Sent("POST", $"{Backups}/{id}/action", """{"os-force_delete":{}}"""));
        Is(client, Volumes, volume, "available");
    }

    private static string Restored(CarefulClient client, string backup, string name)
    {
        JsonNode? Found() => client.List($"{Volumes}?name={name}", "volumes") is [var one, ..] ? one : null;
        client.Until("a volume of the backup", () => Found() is not null, () => client.Sent(
            "POST", $"{Backups}/{backup}/restore", $$$"""{"restore":{"name":"{{{name}}}"}}"""));
        var id = HouseWalkTests.Id(Found()!);
        Is(client, Volumes, id, "available");
        Is(client, Backups, backup, "available");
        return id;
    }

    /// <summary>The volume becomes what the first backup holds.</summary>
    private static void Onto(HouseWorld house, CarefulClient client, string backup, string volume)
    {
        client.Until(
            "the volume is what it was",
            () => Status(client, Volumes, volume) == "available" && Bytes(house, volume)[ThirdPlace] == 0,
            () =>
            {
                if (Status(client, Volumes, volume) == "available")
                    client.Sent("POST", $"{Backups}/{backup}/restore", $$$"""{"restore":{"volume_id":"{{{volume}}}"}}""");
            });
        Holds(house, volume, 1, 0, 0);
        Is(client, Backups, backup, "available");
    }

    private static byte[] Bytes(HouseWorld house, string volume) => house.Machine.Volumes[volume].Bytes;

    /// <summary>As the guest does.</summary>
    private static void Write(HouseWorld house, string volume, int place, byte value) => Bytes(house, volume)[place] = value;

    private static void Holds(HouseWorld house, string volume, byte first, byte second, byte third)
    {
        var bytes = Bytes(house, volume);
        if ((bytes[0], bytes[SecondPlace], bytes[ThirdPlace]) != (first, second, third))
        {
            throw new InvalidOperationException(
                $"The volume {volume} holds {bytes[0]}, {bytes[SecondPlace]}, {bytes[ThirdPlace]} in place of {first}, {second}, {third}.");
        }
    }

    /// <summary>The one of this name, made when there is none, once it is there.</summary>
    private static string Made(CarefulClient client, string path, string body)
    {
        var kind = path[(path.LastIndexOf('/') + 1)..];
        var one = kind[..^1];
        var id = HouseWalkTests.Id(client.Ensure(path, kind, one, (string)JsonNode.Parse(body)![one]!["name"]!, body));
        Is(client, path, id, "available");
        return id;
    }

    private static void Is(CarefulClient client, string path, string id, string status) =>
        client.Until($"{path}/{id} is {status}", () => Status(client, path, id) == status);

    private static string Status(CarefulClient client, string path, string id)
    {
        var shown = Shown(client, path, id);
        var status = (string)shown["status"]!;
        return status.StartsWith("error", StringComparison.Ordinal) ? throw new InvalidOperationException($"{path}/{id} is in {status}: {shown["fail_reason"]}") : status;
    }

    private static JsonNode Shown(CarefulClient client, string path, string id) =>
        client.Show($"{path}/{id}", path[(path.LastIndexOf('/') + 1)..^1]);
}
