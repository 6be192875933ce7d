using System.Net.Sockets;
using System.Text.Json;
using Sovereign.Compute.Keypairs;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Compute.Servers;

/// <summary>A rebuild whose form is right.</summary>
internal sealed record RebuildWish(string ImageId, string? AdminPass, Dictionary<string, string>? Metadata, Optional<string> KeyName, RebuildArguments Asked)
{
    /// <summary>Null: those that it has stay.</summary>
    public IReadOnlyList<GuestFileSpec>? Files { get; init; }

    /// <summary>True (2.93 and later): the volume that the server boots from is made anew, too.</summary>
    public bool Reimages { get; init; }

    public static Outcome<RebuildWish> Read(RebuildArguments asked, Microversion version)
    {
        (bool Given, string Name, int Since)[] newer =
        [
            (asked.Description.Given, "description", 19), (asked.KeyName.Given, "key_name", 54), (asked.UserData.Given, "user_data", 57),
            (asked.TrustedImageCertificates is not null, "trusted_image_certificates", 63), (asked.Hostname is not null, "hostname", 90),
        ];
        if (newer.FirstOrDefault(member => member.Given && !version.Has(member.Since)) is { Name: { } early }) return Wire.Unexpected(early);
        var files = InjectedFiles.Read(asked.Personality, version);
        if (files.Fault is { } wrongFile) return wrongFile;
        var wrong = (asked.Name is null ? null : ServerOrder.WrongName(asked.Name)) ?? ServerOrder.WrongDescription(asked.Description.Value)
            ?? ServerOrder.WrongAddress("accessIPv4", asked.AccessIpv4, AddressFamily.InterNetwork)
            ?? ServerOrder.WrongAddress("accessIPv6", asked.AccessIpv6, AddressFamily.InterNetworkV6)
            ?? ServerOrder.WrongHostName(asked.Hostname, version) ?? ServerOrder.WrongUserData(asked.UserData.Value);
        if (wrong is not null) return wrong;
        if (asked.DiskConfig is not (null or "AUTO" or "MANUAL")) return new Fault.Invalid("OS-DCF:diskConfig", "OS-DCF:diskConfig must be either 'MANUAL' or 'AUTO'.");
        var image = Wire.LastPart(asked.ImageRef);
        return Guid.TryParse(image, out _)
            ? new RebuildWish(image, asked.AdminPass, asked.Metadata, asked.KeyName, asked) { Files = files.Value, Reimages = version.Has(93) }
            : new Fault.Invalid("imageRef", "Invalid input for field/attribute imageRef. It is the UUID of an image.");
    }

    public ServerRow Apply(ServerRow row, KeypairRow? key) => row with
    {
        Name = Asked.Name ?? row.Name,
        Hostname = Asked.Hostname ?? row.Hostname,
        Description = Asked.Description.Given ? Asked.Description.Value : row.Description,
        AccessIpv4 = Asked.AccessIpv4 is null ? row.AccessIpv4 : ServerOrder.AddressOf(Asked.AccessIpv4),
        AccessIpv6 = Asked.AccessIpv6 is null ? row.AccessIpv6 : ServerOrder.AddressOf(Asked.AccessIpv6),
        DiskConfig = Asked.DiskConfig ?? row.DiskConfig,
        Metadata = Metadata is null ? row.Metadata : JsonSerializer.Serialize(Metadata, ServerJson.Wire.DictionaryStringString),
        KeyName = KeyName.Given ? key?.Name : row.KeyName,
        PublicKey = KeyName.Given ? key?.PublicKey : row.PublicKey,
        Files = Files is null ? row.Files : InjectedFiles.Text(Files),
        UserData = Asked.UserData.Given ? Asked.UserData.Value : row.UserData,
    };
}
