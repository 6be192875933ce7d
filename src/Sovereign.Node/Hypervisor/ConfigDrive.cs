using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Hypervisor;

/// <summary>The config drive (label config-2): the same documents as the metadata service, on a disk.</summary>
internal static class ConfigDrive
{
    private static readonly string[] versions = ["2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2016-06-30", "2016-10-06",
        "2017-02-22", "2018-08-27", "2020-10-14", "latest"];

    public static byte[] Build(GuestDataSpec guest)
    {
        var iso = new Iso9660();
        var (meta, network, vendor) = (Encoding.UTF8.GetBytes(guest.MetaDataJson), Encoding.UTF8.GetBytes(guest.NetworkDataJson),
            Encoding.UTF8.GetBytes(guest.VendorDataJson));
        var user = guest.UserDataBase64 is null ? null : Convert.FromBase64String(guest.UserDataBase64);
        var empty = "{}"u8.ToArray();
        foreach (var version in versions)
        {
            var folder = $"openstack/{version}/";
            iso.Add(folder + "meta_data.json", meta);
            iso.Add(folder + "network_data.json", network);
            iso.Add(folder + "vendor_data.json", vendor);
            iso.Add(folder + "vendor_data2.json", empty);
            if (user is not null) iso.Add(folder + "user_data", user);
        }
        foreach (var (index, file) in (guest.Files ?? []).Index())
            iso.Add("openstack/content/" + GuestFileSpec.NameOf(index), Convert.FromBase64String(file.ContentBase64));
        var ec2 = new JsonObject
        {
            ["instance-id"] = guest.InstanceId, ["hostname"] = guest.HostName, ["local-hostname"] = guest.HostName,
            ["instance-type"] = guest.InstanceType,
            ["ami-id"] = guest.ImageId, ["ami-launch-index"] = guest.LaunchIndex,
            ["placement"] = new JsonObject { ["availability-zone"] = guest.AvailabilityZone },
            ["public-keys"] = new JsonObject(guest.PublicKeys.Select((k, i) =>
                new KeyValuePair<string, JsonNode?>($"{i}", new JsonObject
                {
                    ["_name"] = $"{i}={k.Name}",
                    ["openssh-key"] = k.OpenSshKey
                }))),
        };
        iso.Add("ec2/latest/meta-data.json", Encoding.UTF8.GetBytes(ec2.ToJsonString()));
        if (user is not null) iso.Add("ec2/latest/user-data", user);
        return iso.Build("config-2");
    }
}
