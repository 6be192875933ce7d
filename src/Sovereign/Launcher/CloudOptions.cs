using System.Net;
using Npgsql;
using Sovereign.Compute;
using Sovereign.Image.Imports;
using Sovereign.Network;
using Sovereign.Node.Volumes;

namespace Sovereign.Launcher;

/// <summary>
/// What one cloud runs with, validated whole: from defaults, the data directory's config.yaml, --config and the command line.
/// </summary>
/// <param name="Data">Data directory, absolute.</param>
/// <param name="Listen">Address and port of the HTTPS endpoint.</param>
/// <param name="PublicUrl">What links and the catalog begin with; without a slash at the end.</param>
/// <param name="Region">Region name in the catalog.</param>
/// <param name="ExternalCidr">IPv4 range of the external network, or null: a free one is chosen at first start.</param>
/// <param name="Database">Npgsql's connection string of a PostgreSQL database, or null: SQLite in the data directory.</param>
public sealed record CloudOptions(string Data, IPEndPoint Listen, string PublicUrl, string Region, string? ExternalCidr, string? Database = null)
{
    public const string ListenDefault = "127.0.0.1:8443";
    public const string RegionDefault = "RegionOne";
    public const int PathBytesMax = 42;       // a Unix socket's path has at most 107 bytes, and a domain's has 65 after this
    public const int RegionCharactersMax = 64;
    public const double AllocationRatioMax = 128;

    /// <summary>Where image imports may come from and what they are converted to; null: public sources, no directory, no conversion.</summary>
    public ImportOptions? ImageImport { get; init; }

    /// <summary>Where backups of volumes are kept; null: in the data directory.</summary>
    public string? BackupDirectory { get; init; }

    /// <summary>What the operator decided about passwords and scopes.</summary>
    public required IdentitySettings Identity { get; init; }

    /// <summary>What of each node may be promised to servers.</summary>
    public required ComputeOptions Compute { get; init; }

    /// <summary>The same as texts, to be kept for later starts.</summary>
    public required WrittenSettings Decided { get; init; }

    /// <summary>This machine's address for other nodes; null: the listen address, when others can reach that.</summary>
    public string? Underlay { get; init; }

    /// <summary>The external range, and how nodes carry networks between each other.</summary>
    public NetworkOptions Network { get; init; } = new();

    /// <summary>A program that makes sure that a node is off; null: only the operator's word counts.</summary>
    public string? FenceCommand { get; init; }

    /// <summary>A pool for volumes that every node reaches; null: there is none.</summary>
    public RbdOptions? Ceph { get; init; }

    /// <summary>True: a second control plane of the cloud, with a door of its own for the agent of this machine.</summary>
    public bool Beside { get; init; }

    /// <summary>The Unix socket of this control plane.</summary>
    public string NodeSocket => Directory.NodeSocket + (Beside ? ".beside" : "");

    /// <summary>The underlay address that this machine's node tells; loopback when there is none.</summary>
    public string UnderlayAddress => Underlay ?? (IsAny(Listen.Address) ? IPAddress.Loopback : Listen.Address).ToString();

    public CloudDirectory Directory => new(Data);

    /// <summary>Where this machine itself reaches the endpoint.</summary>
    public Uri LocalUrl => new($"https://{(IsAny(Listen.Address) ? new IPEndPoint(LoopbackOf(Listen.Address), Listen.Port) : Listen)}");

    /// <summary>Gives the options, or every fault there is, each with the name of its setting.</summary>
    public static (CloudOptions? Options, IReadOnlyList<string> Faults) From(WrittenSettings settings)
    {
        var faults = new List<string>(settings.Faults);
        var data = settings[SettingNames.Data] ?? CloudDirectory.Default;
        if (CheckData(data) is { } dataFault) faults.Add(dataFault);
        var listen = ParseListen(settings[SettingNames.Listen] ?? ListenDefault, faults);
        var publicUrl = CheckPublicUrl(settings[SettingNames.PublicUrl], listen, faults);
        var region = settings[SettingNames.Region] ?? RegionDefault;
        if (region.Length is 0 or > RegionCharactersMax || region.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            faults.Add($"region: '{region}' must have 1 to {RegionCharactersMax} letters, digits, '-', '_' or '.'.");
        if (settings[SettingNames.ExternalCidr] is { } cidr && !IsExternalRange(cidr))
            faults.Add($"external_cidr: '{cidr}' must be an IPv4 network of /8 to /28 without host bits, such as 203.0.113.0/24.");
        if (settings[SettingNames.Database] is { } database && CheckDatabase(database) is { } databaseFault) faults.Add(databaseFault);
        var import = ParseImport(settings, faults);
        var identity = IdentitySettings.Read(settings, faults);
        var compute = ReadCompute(settings, faults);
        var network = ReadNodes(settings, faults);
        if (settings[SettingNames.BackupDirectory] is { } backups && !System.IO.Path.IsPathFullyQualified(backups))
            faults.Add($"backup_directory: '{backups}' must be an absolute path.");
        var ceph = CephSettings.From(settings, faults);
        if (faults.Count > 0) return (null, faults);
        return (new CloudOptions(
            CloudDirectory.At(data).Path, listen!, publicUrl!, region, settings[SettingNames.ExternalCidr], settings[SettingNames.Database])
        {
            ImageImport = import,
            BackupDirectory = settings[SettingNames.BackupDirectory],
            Identity = identity,
            Compute = compute,
            Network = network,
            Underlay = settings[SettingNames.Underlay],
            FenceCommand = settings[SettingNames.FenceCommand],
            Ceph = ceph,
            Decided = settings.With(SettingNames.Listen, listen!.ToString()).With(SettingNames.Region, region),
        }, []);
    }

    private static NetworkOptions ReadNodes(WrittenSettings settings, List<string> faults)
    {
        if (settings[SettingNames.Underlay] is { } underlay && !IPAddress.TryParse(underlay, out _))
            faults.Add($"underlay: '{underlay}' must be an IP address of this machine.");
        if (settings[SettingNames.FenceCommand] is { } command && !System.IO.Path.IsPathFullyQualified(command))
            faults.Add($"fence_command: '{command}' must be the absolute path of a program.");
        var port = settings.Number(SettingNames.VxlanPort, ushort.MaxValue, NetworkOptions.VxlanPortDefault, faults);
        return new NetworkOptions(
            settings[SettingNames.ExternalCidr], VxlanPort: port, DnsNames: settings.Flag(SettingNames.NetworkDns, standard: true, faults));
    }

    private static ComputeOptions ReadCompute(WrittenSettings settings, List<string> faults)
    {
        var standard = new ComputeOptions();
        return standard with
        {
            CpuAllocationRatio = settings.Ratio(SettingNames.CpuAllocationRatio, AllocationRatioMax, standard.CpuAllocationRatio, faults),
            RamAllocationRatio = settings.Ratio(SettingNames.RamAllocationRatio, AllocationRatioMax, standard.RamAllocationRatio, faults),
            ReservedMemoryMib = settings.Number(SettingNames.ReservedHostMemory, int.MaxValue, standard.ReservedMemoryMib, faults),
        };
    }

    private static ImportOptions? ParseImport(WrittenSettings settings, List<string> faults)
    {
        if ((settings[SettingNames.ImageImportFrom] ?? settings[SettingNames.ImageImportDirectory] ?? settings[SettingNames.ImageFormat]) is null)
            return null;
        var networks = new List<IPNetwork>();
        foreach (var text in (settings[SettingNames.ImageImportFrom] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // Parsing drops host bits in silence.
            if (IPNetwork.TryParse(text, out var network) && network.ToString().Equals(text, StringComparison.OrdinalIgnoreCase)) networks.Add(network);
            else faults.Add($"image_import_from: '{text}' must be a network such as 10.20.0.0/16; several are separated by commas.");
        }
        if (settings[SettingNames.ImageImportDirectory] is { } directory && !System.IO.Path.IsPathFullyQualified(directory))
            faults.Add($"image_import_directory: '{directory}' must be an absolute path.");
        var format = settings[SettingNames.ImageFormat];
        if (format is not (null or "qcow2" or "raw"))
            faults.Add($"image_format: '{format}' must be qcow2 or raw; leave it out to keep images as they come.");
        return new ImportOptions(networks, settings[SettingNames.ImageImportDirectory], format);
    }

    private static string? CheckData(string data)
    {
        if (!System.IO.Path.IsPathFullyQualified(data)) return $"data: '{data}' must be an absolute path.";
        // The path becomes part of scripts, sockets and QEMU's options, where commas, quotes and spaces have meanings.
        if (data.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('/' or '-' or '_' or '.')))
            return $"data: '{data}' may have only letters, digits, '/', '-', '_' and '.'.";
        if (data.Length > PathBytesMax) return $"data: '{data}' is longer than {PathBytesMax} characters; sockets below it would not fit.";
        return data.Trim('/').Length == 0 ? "data: '/' cannot be a cloud's directory; name one of its own." : null;
    }

    private static IPEndPoint? ParseListen(string text, List<string> faults)
    {
        if (IPEndPoint.TryParse(text, out var listen) && listen.Port is > 0 and <= 65535) return listen;
        faults.Add($"listen: '{text}' must be ADDRESS:PORT with an IP address, such as {ListenDefault} or [::1]:8443.");
        return null;
    }

    private static string? CheckPublicUrl(string? publicUrl, IPEndPoint? listen, List<string> faults)
    {
        if (publicUrl is null)
        {
            if (listen is null || !IsAny(listen.Address)) return $"https://{listen}";
            faults.Add($"public_url: must be set when listening on all interfaces ({listen}). Links, the catalog and the certificate "
                + "need the name under which clients reach this cloud; it is never taken from a request.");
            return null;
        }
        if (Uri.TryCreate(publicUrl, UriKind.Absolute, out var url) && url.Scheme == "https" && url.UserInfo == "" && url.Query == ""
            && url.Fragment == "")
            return publicUrl.TrimEnd('/');
        faults.Add($"public_url: '{publicUrl}' must be an https URL without user, query or fragment, such as "
            + "https://cloud.example.org:8443.");
        return null;
    }

    private static string? CheckDatabase(string text)
    {
        try
        {
            var database = new NpgsqlConnectionStringBuilder(text);
            if (database.Host is null || database.Database is null) return "database: must name Host and Database, such as \"Host=/run/postgresql;Database=sovereign\".";
            // Everyone on the machine may read the settings.
            return database.Password is null ? null : "database: a password does not belong here; put it in a file of mode 0600 and name that: Passfile=FILE.";
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            return $"database: {exception.Message} It is a connection string such as \"Host=/run/postgresql;Database=sovereign\".";
        }
    }

    private static bool IsExternalRange(string cidr)
        => IPNetwork.TryParse(cidr, out var network) && network.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            && network.PrefixLength is >= 8 and <= 28 && network.ToString() == cidr;     // parsing drops host bits in silence

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static IPAddress LoopbackOf(IPAddress any) => any.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : IPAddress.Loopback;
}
