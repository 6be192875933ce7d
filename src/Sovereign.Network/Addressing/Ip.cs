using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sovereign.Network.Addressing;

/// <summary>An IPv4 or IPv6 address as a number, so that ranges can be counted through.</summary>
/// <param name="Version">4 or 6.</param>
internal readonly record struct Ip(int Version, UInt128 Number) : IComparable<Ip>
{
    private const int KeyDigitsV4 = 8;
    private const int KeyDigitsV6 = 32;

    public int Bits => Version == 4 ? 32 : 128;

    public Ip Next => this with { Number = Number + 1 };

    public Ip Previous => this with { Number = Number - 1 };

    /// <summary>The form in the store, which sorts as the addresses do: "4" or "6" and all hexadecimal digits.</summary>
    public string Key => Version == 4
        ? string.Create(CultureInfo.InvariantCulture, $"4{(uint)Number:x8}")
        : string.Create(CultureInfo.InvariantCulture, $"6{(ulong)(Number >> 64):x16}{(ulong)Number:x16}");

    public static bool operator <(Ip a, Ip b) => a.CompareTo(b) < 0;

    public static bool operator >(Ip a, Ip b) => a.CompareTo(b) > 0;

    public static bool operator <=(Ip a, Ip b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Ip a, Ip b) => a.CompareTo(b) >= 0;

    public static Ip OfKey(string key) => key.Length switch
    {
        1 + KeyDigitsV4 => new Ip(4, uint.Parse(key.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
        1 + KeyDigitsV6 => new Ip(6, UInt128.Parse(key.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
        _ => throw new InvalidOperationException($"'{key}' is no address of the store."),
    };

    /// <summary>Reads a dotted quad without leading zeros, or an IPv6 address without a zone; nothing else is an address here.</summary>
    public static bool TryParse(string? text, out Ip address)
    {
        address = default;
        if (text is null) return false;
        if (!text.Contains(':', StringComparison.Ordinal)) return Quad(text, out address);
        if (text.AsSpan().IndexOfAny('%', '[', '/') >= 0 || !IPAddress.TryParse(text, out var parsed)) return false;
        if (parsed.AddressFamily != AddressFamily.InterNetworkV6) return false;
        address = new Ip(6, BinaryPrimitives.ReadUInt128BigEndian(parsed.GetAddressBytes()));
        return true;
    }

    public int CompareTo(Ip other) => Version != other.Version ? Version.CompareTo(other.Version) : Number.CompareTo(other.Number);

    public override string ToString()
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Number);
        return new IPAddress(Version == 4 ? bytes.AsSpan(12) : bytes).ToString();
    }

    private static bool Quad(string text, out Ip address)
    {
        address = default;
        var parts = text.Split('.');
        if (parts.Length != 4) return false;
        UInt128 number = 0;
        foreach (var part in parts)
        {
            if (part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0')) return false;
            if (!byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var octet)) return false;
            number = (number << 8) | octet;
        }

        address = new Ip(4, number);
        return true;
    }
}

/// <summary>An inclusive range that addresses are given out from.</summary>
internal readonly record struct AddressRange(Ip Start, Ip End)
{
    public UInt128 Size => End.Number - Start.Number + 1;

    public override string ToString() => $"{Start}-{End}";

    public bool Contains(Ip address) => address >= Start && address <= End;
}
