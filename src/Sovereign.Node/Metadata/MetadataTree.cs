using System.Text;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Metadata;

/// <summary>What a guest finds at a path of the metadata service: the OpenStack tree and the EC2 tree.</summary>
internal static class MetadataTree
{
    private static readonly string[] openstackVersions =
        ["2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2016-06-30", "2016-10-06", "2017-02-22", "2018-08-27", "2020-10-14",
            "latest"];

    private static readonly string[] ec2Versions =
        ["1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01", "2009-04-04", "latest"];

    /// <returns>Null: nothing is there.</returns>
    public static MetadataDocument? Find(GuestDataSpec guest, string address, string publicAddress, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0) return Listing(ec2Versions);
        if (parts[0] == "openstack") return Openstack(guest, parts[1..]);
        if (!ec2Versions.Contains(parts[0])) return null;
        if (parts.Length == 1) return Listing(guest.UserDataBase64 is null ? ["meta-data/"] : ["meta-data/", "user-data"]);
        return parts[1] switch
        {
            "user-data" when parts.Length == 2 => UserData(guest),
            "meta-data" => Ec2(guest, address, publicAddress, parts[2..]),
            _ => null,
        };
    }

    private static MetadataDocument? Openstack(GuestDataSpec guest, string[] parts)
    {
        if (parts.Length == 0) return Listing(openstackVersions);
        if (parts is ["content", var name])
        {
            return guest.Files?.Index().Where(file => GuestFileSpec.NameOf(file.Index) == name)
                .Select(file => new MetadataDocument(Convert.FromBase64String(file.Item.ContentBase64), "application/octet-stream")).FirstOrDefault();
        }
        if (!openstackVersions.Contains(parts[0])) return null;
        if (parts.Length == 1)
        {
            string[] names = ["meta_data.json", .. guest.UserDataBase64 is null ? [] : (string[])["user_data"], "password",
                "vendor_data.json", "network_data.json", "vendor_data2.json"];
            return Listing(names);
        }
        return parts.Length > 2 ? null : parts[1] switch
        {
            "meta_data.json" => Json(guest.MetaDataJson),
            "network_data.json" => Json(guest.NetworkDataJson),
            "vendor_data.json" => Json(guest.VendorDataJson),
            "vendor_data2.json" => Json("{}"),
            "user_data" => UserData(guest),
            "password" => Text(""),
            _ => null,
        };
    }

    private static MetadataDocument? Ec2(GuestDataSpec guest, string address, string publicAddress, string[] parts)
    {
        var keys = guest.PublicKeys;
        return string.Join('/', parts) switch
        {
            "" => Listing([
                "ami-id", "ami-launch-index", "ami-manifest-path", "block-device-mapping/", "hostname", "instance-action", "instance-id",
                    "instance-type",
                "local-hostname", "local-ipv4", "placement/", "public-hostname", "public-ipv4", .. keys.Count > 0 ? ["public-keys/"]
                    : Array.Empty<string>(),
                "reservation-id", "security-groups"]),
            "ami-id" => Text(guest.ImageId),
            "ami-launch-index" => Text($"{guest.LaunchIndex}"),
            "ami-manifest-path" => Text("FIXED"),
            "block-device-mapping" => Listing(["ami", "root"]),
            "block-device-mapping/ami" => Text("vda"),
            "block-device-mapping/root" => Text("/dev/vda"),
            "hostname" or "local-hostname" or "public-hostname" => Text(guest.HostName),
            "instance-action" => Text("none"),
            "instance-id" => Text(guest.InstanceId),
            "instance-type" => Text(guest.InstanceType),
            "local-ipv4" => Text(address),
            "public-ipv4" => Text(publicAddress),
            "placement" => Listing(["availability-zone"]),
            "placement/availability-zone" => Text(guest.AvailabilityZone),
            "reservation-id" => Text("r-" + guest.InstanceId[(guest.InstanceId.LastIndexOf('-') + 1)..]),
            "security-groups" => Listing(guest.SecurityGroupNames),
            "public-keys" when keys.Count > 0 => Listing(keys.Select((k, i) => $"{i}={k.Name}")),
            _ => parts is ["public-keys", var number, ..] && int.TryParse(number, out var index) && index >= 0 && index < keys.Count
                ? parts.Length == 2 ? Listing(["openssh-key"]) : parts is [_, _, "openssh-key"] ? Text(keys[index].OpenSshKey) : null
                    : null,
        };
    }

    private static MetadataDocument? UserData(GuestDataSpec guest) =>
        guest.UserDataBase64 is null ? null : new MetadataDocument(Convert.FromBase64String(guest.UserDataBase64),
            "application/octet-stream");

    private static MetadataDocument Listing(IEnumerable<string> names) => Text(string.Join('\n', names));

    private static MetadataDocument Text(string text) => new(Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8");

    private static MetadataDocument Json(string text) => new(Encoding.UTF8.GetBytes(text), "application/json");
}

internal sealed record MetadataDocument(byte[] Content, string ContentType);
