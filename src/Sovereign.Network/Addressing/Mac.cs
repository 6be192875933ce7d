using System.Globalization;

namespace Sovereign.Network.Addressing;

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

    /// <summary>The 64 bits that a host with this MAC gives itself behind a /64 prefix (RFC 4291, appendix A).</summary>
    public static ulong Eui64(string mac)
    {
        var bytes = mac.Split(':').Select(part => Convert.ToByte(part, 16)).ToArray();
        byte[] identifier = [(byte)(bytes[0] ^ 2), bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]];
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(identifier);
    }

    public static string Random(Kernel.Sources.IRandomness randomness)
    {
        var bytes = randomness.Bytes(3);
        return string.Create(CultureInfo.InvariantCulture, $"{Base}:{bytes[0]:x2}:{bytes[1]:x2}:{bytes[2]:x2}");
    }
}
