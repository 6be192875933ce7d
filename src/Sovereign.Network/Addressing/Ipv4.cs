using System.Globalization;

namespace Sovereign.Network.Addressing;

/// <summary>IPv4 addresses as numbers, so that the store can order them and look for gaps.</summary>
internal static class Ipv4
{
    public const long Max = 0xFFFF_FFFF;

    /// <summary>Reads a dotted quad without leading zeros; nothing else is an address here.</summary>
    public static bool TryParse(string? text, out long address)
    {
        address = 0;
        if (text is null || text.Length is < 7 or > 15) return false;
        var parts = text.Split('.');
        if (parts.Length != 4) return false;
        foreach (var part in parts)
        {
            if (part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0')) return false;
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 255) return false;
            address = (address << 8) | (long)number;
        }

        return true;
    }

    public static string Format(long address) => string.Create(
        CultureInfo.InvariantCulture, $"{(address >> 24) & 255}.{(address >> 16) & 255}.{(address >> 8) & 255}.{address & 255}");
}

/// <summary>A range of addresses with a common prefix.</summary>
/// <param name="Network">First address.</param>
/// <param name="Prefix">0 to 32.</param>
internal readonly record struct Cidr(long Network, int Prefix)
{
    public long Broadcast => Network + Size - 1;

    public long Size => 1L << (32 - Prefix);

    /// <summary>Lowest address that a host may have; in /31 and /32 every address may.</summary>
    public long FirstHost => Prefix >= 31 ? Network : Network + 1;

    public long LastHost => Prefix >= 31 ? Broadcast : Broadcast - 1;

    public bool Contains(long address) => address >= Network && address <= Broadcast;

    public bool ContainsHost(long address) => address >= FirstHost && address <= LastHost;

    public bool Overlaps(Cidr other) => Network <= other.Broadcast && other.Network <= Broadcast;

    /// <summary>Reads "10.0.0.0/24"; host bits may be set and are cleared in the result.</summary>
    /// <param name="bare">True: an address without a prefix is taken as /32.</param>
    public static bool TryParse(string? text, out Cidr cidr, bool bare = false)
    {
        cidr = default;
        if (text is null) return false;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 && !bare) return false;
        var prefix = 32;
        if (slash >= 0)
        {
            var length = text[(slash + 1)..];
            if (length.Length is 0 or > 2 || (length.Length == 2 && length[0] == '0')) return false;
            if (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > 32) return false;
        }

        if (!Ipv4.TryParse(slash < 0 ? text : text[..slash], out var address)) return false;
        cidr = new Cidr(address & (Ipv4.Max << (32 - prefix)), prefix);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Ipv4.Format(Network)}/{Prefix}");
}

/// <summary>An inclusive range that addresses are given out from.</summary>
internal readonly record struct AddressRange(long Start, long End)
{
    public override string ToString() => $"{Ipv4.Format(Start)}-{Ipv4.Format(End)}";

    public bool Contains(long address) => address >= Start && address <= End;
}

/// <summary>MAC addresses.</summary>
internal static class Mac
{
    private const string Base = "fa:16:3e";

    /// <summary>Lower case with colons; null when the text is no unicast MAC.</summary>
    public static string? Normalize(string? text)
    {
        if (text is null || text.Length != 17) return null;
        for (var i = 0; i < text.Length; i++)
        {
            if (i % 3 == 2 ? text[i] is not (':' or '-') : !char.IsAsciiHexDigit(text[i])) return null;
        }

        var mac = text.ToLowerInvariant().Replace('-', ':');
        var first = Convert.ToInt32(mac[..2], 16);
        return (first & 1) == 1 || mac == "00:00:00:00:00:00" ? null : mac;
    }

    public static string Random(Kernel.Sources.IRandomness randomness)
    {
        var bytes = randomness.Bytes(3);
        return string.Create(CultureInfo.InvariantCulture, $"{Base}:{bytes[0]:x2}:{bytes[1]:x2}:{bytes[2]:x2}");
    }
}
