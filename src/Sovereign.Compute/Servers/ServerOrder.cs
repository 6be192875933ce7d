using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network;
using Sovereign.Node.Contract;

namespace Sovereign.Compute.Servers;

/// <summary>How the NICs of a new server were asked for.</summary>
internal enum NicMode
{
    /// <summary>Nothing said (before 2.37): the project's only network, or none.</summary>
    Default,
    Auto,
    None,
    Named,
}

/// <summary>A request for servers whose form is right; what it names is looked up later.</summary>
internal sealed partial record ServerOrder(string Name, string FlavorRef, string ImageRef)
{
    private const int NameLengthMax = 255;
    private const int DescriptionLengthMax = 255;
    private const int UserDataLengthMax = 65_535;
    private const int HostNameLengthMax = 63;
    private const int CountMax = 1000;
    private const int TagsMax = 50;
    private const int TagLengthMax = 60;
    private const int NicsMax = 64;

    public string? Hostname { get; init; }

    public string? Description { get; init; }

    public NicMode NicMode { get; init; }

    public IReadOnlyList<NicRequest> Nics { get; init; } = [];

    public IReadOnlyList<string> SecurityGroups { get; init; } = [];

    public string? KeyName { get; init; }

    public Dictionary<string, string> Metadata { get; init; } = [];

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string? UserData { get; init; }

    public bool ConfigDrive { get; init; }

    /// <summary>Volumes that it is to have.</summary>
    public IReadOnlyList<BlockDeviceRow> Devices { get; init; } = [];

    public IReadOnlyList<GuestFileSpec> Files { get; init; } = [];

    public int Min { get; init; } = 1;

    public int Max { get; init; } = 1;

    public string? Zone { get; init; }

    /// <summary>Host name of the node that was asked for; only administrators may.</summary>
    public string? Host { get; init; }

    public string? AdminPass { get; init; }

    public string AccessIpv4 { get; init; } = "";

    public string AccessIpv6 { get; init; } = "";

    public string DiskConfig { get; init; } = "MANUAL";

    public bool ReturnReservation { get; init; }

    /// <summary>JSON object as given.</summary>
    public string? Hints { get; init; }

    /// <summary>Id of the server group that the hints name.</summary>
    public string? Group { get; init; }

    public static Outcome<ServerOrder> Read(ServerCreateBody body, Microversion version)
    {
        var asked = body.Server;
        if (Misplaced(asked, version) is { } misplaced) return misplaced;
        if (WrongText(asked) is { } wrong) return wrong;
        var disks = BlockDeviceOrder.Read(asked.ImageRef, asked.BlockDeviceMappingV2 ?? [], version);
        if (disks.Fault is { } noImage) return noImage;
        var (mode, nics) = (NicMode.Default, (IReadOnlyList<NicRequest>)[]);
        if (ReadNics(asked.Networks, version, ref mode, ref nics) is { } wrongNic) return wrongNic;
        var (min, max) = (asked.MinCount ?? 1, asked.MaxCount ?? asked.MinCount ?? 1);
        if (min < 1 || max < 1 || max > CountMax) return new Fault.Invalid("min_count", $"min_count and max_count are from 1 to {CountMax}.");
        if (min > max) return new Fault.Invalid("min_count", "min_count must be <= max_count");
        var tags = CheckTags(asked.Tags ?? []);
        if (tags.Fault is { } wrongTag) return wrongTag;
        var hints = body.SchedulerHints ?? body.OldSchedulerHints;
        if (SchedulerHints.Wrong(hints) is { } wrongHint) return wrongHint;
        var files = InjectedFiles.Read(asked.Personality, version);
        if (files.Fault is { } wrongFile) return wrongFile;
        var zone = (asked.AvailabilityZone ?? "").Split(':');
        return new ServerOrder(asked.Name, Wire.LastPart(asked.FlavorRef.ToString()), disks.Value.ImageRef)
        {
            Devices = disks.Value.Devices,
            Hostname = asked.Hostname, Description = asked.Description.Value, NicMode = mode, Nics = nics,
            SecurityGroups = [.. (asked.SecurityGroups ?? []).Select(group => group.Name).Distinct(StringComparer.Ordinal)], KeyName = asked.KeyName,
            Metadata = asked.Metadata ?? [], Tags = tags.Value, UserData = string.IsNullOrEmpty(asked.UserData) ? null : asked.UserData,
            ConfigDrive = Wire.Truth(asked.ConfigDrive, false)!.Value, Min = min, Max = max, Zone = zone[0].Length == 0 ? null : zone[0],
            Host = asked.Host ?? asked.HypervisorHostname ?? (zone.Length > 1 ? zone[^1] : null), AdminPass = asked.AdminPass,
            AccessIpv4 = AddressOf(asked.AccessIpv4), AccessIpv6 = AddressOf(asked.AccessIpv6), DiskConfig = asked.DiskConfig ?? "MANUAL",
            Files = files.Value ?? [],
            ReturnReservation = Wire.Truth(asked.ReturnReservationId, false) ?? false,
            Group = hints is not null && hints.TryGetValue("group", out var group) ? group.GetString() : null,
            Hints = hints is null ? null : JsonSerializer.Serialize(hints, ServerJson.Wire.DictionaryStringJsonElement),
        };
    }

    /// <summary>What a server's name makes as a host name.</summary>
    public static string HostNameOf(string name, string serverId)
    {
        var clean = NotHostName().Replace(Separators().Replace(name, "-"), "").ToLowerInvariant().Trim('-', '.');
        if (clean.Length > HostNameLengthMax) clean = clean[..HostNameLengthMax].TrimEnd('-');
        return clean.Length > 0 ? clean : "server-" + serverId;
    }

    public static Fault.Invalid? WrongName(string name) =>
        name.Length is 0 or > NameLengthMax || name.Trim() != name || name.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029')
            ? new Fault.Invalid(
                "name", $"Invalid input for field/attribute name. Value: {Short(name)}. A name has 1 to 255 printable characters, without spaces around it.")
            : null;

    public static Fault.Invalid? WrongUserData(string? data)
    {
        if (data is null) return null;
        if (data.Length > UserDataLengthMax)
        {
            return new Fault.Invalid(
                "user_data",
                $"User data too large. User data must be no larger than {UserDataLengthMax} bytes once base64 encoded. Your data is {data.Length} bytes");
        }

        return Convert.TryFromBase64String(data, new byte[data.Length], out _)
            ? null : new Fault.Invalid("user_data", "User data needs to be valid base 64.");
    }

    public static Fault.Invalid? WrongDescription(string? description) =>
        description is not null && (description.Length > DescriptionLengthMax || description.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')))
            ? new Fault.Invalid("description", "Invalid input for field/attribute description. It has at most 255 printable characters.")
            : null;

    public static Fault.Invalid? WrongHostName(string? hostname, Microversion version)
    {
        if (hostname is null) return null;
        var right = version.Has(94) ? DomainForm().IsMatch(hostname) && hostname.Length <= 255 : HostForm().IsMatch(hostname);
        return right ? null : new Fault.Invalid("hostname", $"Invalid input for field/attribute hostname. Value: {Short(hostname)}.");
    }

    public static Fault.Invalid? WrongAddress(string member, string? address, AddressFamily family) =>
        string.IsNullOrEmpty(address) || (IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily == family
            && (family == AddressFamily.InterNetworkV6 || address.Count(c => c == '.') == 3))
            ? null
            : new Fault.Invalid(member, $"Invalid input for field/attribute {member}. Value: {Short(address)}.");

    /// <summary>The one form of an address that was looked at (RFC 5952); "" for none.</summary>
    public static string AddressOf(string? address) => string.IsNullOrEmpty(address) ? "" : IPAddress.Parse(address).ToString();

    public static Fault? WrongMetadata(IReadOnlyDictionary<string, string> metadata, long itemsMax)
    {
        foreach (var (key, value) in metadata)
        {
            if (!MetadataKey().IsMatch(key))
            {
                return new Fault.Invalid(
                    "metadata", $"Invalid input for field/attribute metadata. '{Short(key)}' is no key: 1 to 255 of a-z A-Z 0-9 - _ : . and space.");
            }
            if (value is null || value.Length > 255)
            {
                return new Fault.Invalid("metadata", $"Invalid input for field/attribute {Short(key)}. A value has at most 255 characters.");
            }
        }

        return itemsMax >= 0 && metadata.Count > itemsMax ? new Fault.Forbidden($"Maximum number of metadata items exceeds {itemsMax}") : null;
    }

    public static Outcome<IReadOnlyList<string>> CheckTags(IReadOnlyList<string> tags)
    {
        var all = tags.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (all.Count > TagsMax) return new Fault.Invalid("tags", $"The number of tags exceeded the per-server limit {TagsMax}");
        foreach (var tag in all)
        {
            if (tag is null || tag.Length is 0 or > TagLengthMax || tag.AsSpan().IndexOfAny('/', ',') >= 0)
            {
                return new Fault.Invalid("tags", $"Tag '{Short(tag ?? "")}' is invalid. It must be a text of 1 to {TagLengthMax} characters without '/' and ','.");
            }
        }

        return Outcome.Of<IReadOnlyList<string>>(all);
    }

    private static Fault? Misplaced(ServerCreate asked, Microversion version)
    {
        if (asked.Description.Given && !version.Has(19)) return Wire.Unexpected("description");
        if (asked.Tags is not null && !version.Has(52)) return Wire.Unexpected("tags");
        if (asked.Hostname is not null && !version.Has(90)) return Wire.Unexpected("hostname");
        if ((asked.Host ?? asked.HypervisorHostname) is not null && !version.Has(74)) return Wire.Unexpected(asked.Host is null ? "hypervisor_hostname" : "host");
        if (asked.TrustedImageCertificates is not null && !version.Has(63)) return Wire.Unexpected("trusted_image_certificates");
        if (asked.TrustedImageCertificates is { Count: > 0 })
        {
            return new Fault.Invalid("trusted_image_certificates", "Image signature verification is not available in this cloud.");
        }

        if (asked.BlockDeviceMapping is { ValueKind: not JsonValueKind.Null })
        {
            return new Fault.Invalid("block_device_mapping", "The old form of block devices is not taken: use block_device_mapping_v2.");
        }

        return null;
    }

    private static Fault? WrongText(ServerCreate asked)
    {
        if (WrongName(asked.Name) is { } name) return name;
        if (WrongDescription(asked.Description.Value) is { } description) return description;
        if (WrongAddress("accessIPv4", asked.AccessIpv4, AddressFamily.InterNetwork) is { } four) return four;
        if (WrongAddress("accessIPv6", asked.AccessIpv6, AddressFamily.InterNetworkV6) is { } six) return six;
        if (asked.FlavorRef.ValueKind is not (JsonValueKind.String or JsonValueKind.Number) || asked.FlavorRef.ToString().Length is 0 or > 300)
        {
            return new Fault.Invalid("flavorRef", "Invalid input for field/attribute flavorRef.");
        }

        if (asked.DiskConfig is not (null or "AUTO" or "MANUAL")) return new Fault.Invalid("OS-DCF:diskConfig", "OS-DCF:diskConfig must be either 'MANUAL' or 'AUTO'.");
        if (Wire.Truth(asked.ConfigDrive, false) is null) return new Fault.Invalid("config_drive", "config_drive is a boolean.");
        if (asked.AdminPass is { Length: > 255 }) return new Fault.Invalid("adminPass", "adminPass has at most 255 characters.");
        if (WrongUserData(asked.UserData) is { } wrongData) return wrongData;
        return asked.SecurityGroups is { } groups && groups.Exists(group => group.Name.Length is 0 or > 255)
            ? new Fault.Invalid("security_groups", "A security group's name has 1 to 255 characters.")
            : null;
    }

    private static Fault? ReadNics(JsonElement? networks, Microversion version, ref NicMode mode, ref IReadOnlyList<NicRequest> nics)
    {
        if (networks is not { ValueKind: not JsonValueKind.Null } given)
        {
            return version.Has(37) ? new Fault.Invalid("networks", "Invalid input for field/attribute server: 'networks' is a required property") : null;
        }

        if (given.ValueKind == JsonValueKind.String)
        {
            if (!version.Has(37) || given.GetString() is not ("auto" or "none"))
            {
                return new Fault.Invalid("networks", "networks is a list, or from 2.37 on 'auto' or 'none'.");
            }
            mode = given.GetString() == "auto" ? NicMode.Auto : NicMode.None;
            return null;
        }

        var parsed = Call.Parse(Encoding.UTF8.GetBytes(given.GetRawText()), ServerJson.Wire.ListNetworkAsked);
        if (parsed.Fault is { } malformed) return malformed;
        if (parsed.Value.Count > NicsMax) return new Fault.Invalid("networks", $"A server has at most {NicsMax} networks.");
        var read = new List<NicRequest>();
        foreach (var asked in parsed.Value)
        {
            if (asked.Tag is not null && !version.Has(32)) return Wire.Unexpected("tag");
            if (asked.Tag is { } tag && CheckTags([tag]).Fault is { } wrongTag) return wrongTag;
            var id = asked.Port ?? asked.Uuid;
            if (id is null) return new Fault.Invalid("networks", "Bad networks format: a network needs uuid or port.");
            if (!Guid.TryParseExact(id, "D", out _)) return new Fault.Invalid("networks", $"Bad networks format: network uuid is not in proper format ({Short(id)})");
            if (asked.FixedIp is { } fixedIp)
            {
                if (!IPAddress.TryParse(fixedIp, out _)) return new Fault.Invalid("fixed_ip", $"Invalid fixed IP address ({Short(fixedIp)})");
                if (asked.Port is not null)
                {
                    return new Fault.Invalid(
                        "fixed_ip", $"Specified Fixed IP '{fixedIp}' cannot be used with port '{asked.Port}': the two cannot be specified together.");
                }
            }

            read.Add(new NicRequest(asked.Port is null ? asked.Uuid : null, asked.Port, asked.FixedIp, asked.Tag));
        }

        if (read.Where(nic => nic.PortId is not null).GroupBy(nic => nic.PortId).Any(group => group.Count() > 1))
        {
            return new Fault.Invalid("networks", "A port is named twice.");
        }
        // An empty list is, as in the original, the same as none named.
        (mode, nics) = read.Count == 0 ? (NicMode.Default, read) : (NicMode.Named, read);
        return null;
    }

    private static string Short(string text) => text.Length > 80 ? text[..80] + "…" : text;

    [GeneratedRegex("[ _.]", RegexOptions.CultureInvariant)]
    private static partial Regex Separators();

    [GeneratedRegex("[^a-zA-Z0-9-]+", RegexOptions.CultureInvariant)]
    private static partial Regex NotHostName();

    [GeneratedRegex(@"^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostForm();

    [GeneratedRegex(@"^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex DomainForm();

    [GeneratedRegex(@"^[a-zA-Z0-9\-_:. ]{1,255}\z", RegexOptions.CultureInvariant)]
    private static partial Regex MetadataKey();
}
