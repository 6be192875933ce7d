using System.Globalization;

namespace Sovereign.Network.Addressing;

/// <summary>A range of addresses with a common prefix.</summary>
/// <param name="Network">First address.</param>
/// <param name="Prefix">0 to 32, or 0 to 128.</param>
internal readonly record struct Cidr(Ip Network, int Prefix)
{
    /// <summary>Behind this prefix hosts choose the rest of their address themselves.</summary>
    public const int SlaacPrefix = 64;

    public int Version => Network.Version;

    public Ip Last => Network with { Number = Network.Number | HostMask(Version, Prefix) };

    /// <summary>Lowest address that a host may have; where only two are left, every one may.</summary>
    public Ip FirstHost => Prefix >= Network.Bits - 1 ? Network : Network.Next;

    /// <summary>IPv6 has no broadcast address.</summary>
    public Ip LastHost => Version == 6 || Prefix >= Network.Bits - 1 ? Last : Last.Previous;

    public bool Contains(Ip address) => address >= Network && address <= Last;

    public bool Contains(Cidr other) => Contains(other.Network) && Contains(other.Last);

    public bool ContainsHost(Ip address) => address >= FirstHost && address <= LastHost;

    public bool Overlaps(Cidr other) => Network <= other.Last && other.Network <= Last;

    /// <summary>The address that a host with this MAC gives itself here.</summary>
    public Ip Slaac(string mac) => Network with { Number = Network.Number | Mac.Eui64(mac) };

    /// <summary>Reads "10.0.0.0/24" or "fd00::/64"; host bits may be set and are cleared in the result.</summary>
    /// <param name="bare">True: an address without a prefix is taken as a range of one.</param>
    public static bool TryParse(string? text, out Cidr cidr, bool bare = false)
    {
        cidr = default;
        if (text is null) return false;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 && !bare) return false;
        if (!Ip.TryParse(slash < 0 ? text : text[..slash], out var address)) return false;
        var prefix = address.Bits;
        if (slash >= 0)
        {
            var length = text[(slash + 1)..];
            if (length.Length is 0 or > 3 || (length.Length > 1 && length[0] == '0')) return false;
            if (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > address.Bits) return false;
        }

        cidr = Of(address, prefix);
        return true;
    }

    /// <summary>The range of this length that the address is in.</summary>
    public static Cidr Of(Ip address, int prefix) => new(address with { Number = address.Number & ~HostMask(address.Version, prefix) }, prefix);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Network}/{Prefix}");

    private static UInt128 HostMask(int version, int prefix)
    {
        var hostBits = (version == 4 ? 32 : 128) - prefix;
        return hostBits == 128 ? UInt128.MaxValue : (UInt128.One << hostBits) - 1;
    }
}
