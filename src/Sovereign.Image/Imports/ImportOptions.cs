using System.Net;

namespace Sovereign.Image.Imports;

/// <summary>What the operator decided about imports.</summary>
/// <param name="PrivateNetworks">Ranges that web-download may reach although they are not public: a mirror inside the site. Any port may be asked there.</param>
/// <param name="Directory">Whence administrators may import files; null: the method copy-from-directory is off.</param>
/// <param name="Format">"qcow2" or "raw": every imported disk is converted to it. Null: images stay as they come.</param>
public sealed record ImportOptions(IReadOnlyList<IPNetwork> PrivateNetworks, string? Directory, string? Format)
{
    /// <summary>Only public addresses, no directory, no conversion.</summary>
    public static readonly ImportOptions None = new([], null, null);

    /// <summary>Ports that web-download may ask at public addresses.</summary>
    internal static readonly IReadOnlyList<int> PublicPorts = [80, 443, 8080, 8443];

    /// <summary>Longest time from the request of an import to its last byte.</summary>
    internal static readonly TimeSpan TimeMax = TimeSpan.FromHours(12);

    internal IReadOnlyList<string> Methods => Directory is null
        ? [ImportMethods.Direct, ImportMethods.Web]
        : [ImportMethods.Direct, ImportMethods.Web, ImportMethods.CopyDirectory];
}

internal static class ImportMethods
{
    public const string Direct = "glance-direct";
    public const string Web = "web-download";

    /// <summary>Ours: a file of the operator's directory.</summary>
    public const string CopyDirectory = "copy-from-directory";
}
