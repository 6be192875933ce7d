using System.Net;
using System.Net.Sockets;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Imports;

/// <summary>Where the cloud may go on a user's word: public addresses, and what the operator named. It judges addresses, never names, and the address that it
/// judged is the one that is connected to, so that a name which changes its address gains nothing.</summary>
internal sealed class AddressGuard(ImportOptions options)
{
    /// <summary>IPv4 ranges that are not for the public Internet.</summary>
    private static readonly IPNetwork[] special4 =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ]).Select(IPNetwork.Parse),
    ];

    /// <summary>Of IPv6 only global unicast is public, and of that not these: they wrap other addresses or are for books.</summary>
    private static readonly IPNetwork global6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] special6 =
        [.. ((string[])["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]).Select(IPNetwork.Parse)];

    public bool Allows(IPAddress address, int port)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (options.PrivateNetworks.Any(network => network.Contains(plain))) return true;
        return ImportOptions.PublicPorts.Contains(port) && (plain.AddressFamily == AddressFamily.InterNetwork
            ? !special4.Any(network => network.Contains(plain))
            : plain.ScopeId == 0 && global6.Contains(plain) && !special6.Any(network => network.Contains(plain)));
    }

    /// <summary>The URI, if its form is one that may be asked: said before any name is looked up.</summary>
    public Outcome<Uri> Check(string? text)
    {
        if (text is null || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            return Refused(text);
        }

        // A password in a URI would stand in the task for everyone of the project to read.
        if (uri.UserInfo.Length > 0) return Refused(text);
        if (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && !Allows(address, uri.Port)) return Refused(text);
        return uri;
    }

    /// <summary>A connection to one of the host's allowed addresses.</summary>
    /// <exception cref="AddressRefusedException">It has none.</exception>
    public async ValueTask<Stream> Connect(DnsEndPoint target, CancellationToken stop)
    {
        var addresses = IPAddress.TryParse(target.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(target.Host, stop);
        var allowed = addresses.Where(address => Allows(address, target.Port)).ToArray();
        if (allowed.Length == 0) throw new AddressRefusedException($"{target.Host}:{target.Port} is not a place that images may be fetched from.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, target.Port, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Fault.Invalid Refused(string? text) => new("uri", $"URI for web-download does not pass filtering: {text}");
}

internal sealed class AddressRefusedException(string message) : IOException(message);
