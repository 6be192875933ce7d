using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Fabric;

/// <summary>A logged packet as the kernel tells of it, and as a line of the log.</summary>
/// <param name="Mark">The number of the port that it came from in the low half, of the one that it goes to in the high half.</param>
/// <param name="Prefix">What the rule that logged it says: "ACCEPT ingress GROUP" or "DROP egress".</param>
/// <param name="Payload">Its beginning, from the IP header on.</param>
internal readonly record struct LoggedPacket(uint Mark, string Prefix, ReadOnlyMemory<byte> Payload)
{
    private const int HeaderBytes = 16;
    private const int FamilyBytes = 4;
    private const int AttributeBytes = 4;
    private const ushort PacketMessage = 4 << 8;   // NFNL_SUBSYS_ULOG, NFULNL_MSG_PACKET
    private const int MarkAttribute = 2;
    private const int PayloadAttribute = 9;
    private const int PrefixAttribute = 10;

    /// <summary>The packets of what one read of the netlink socket gave.</summary>
    public static IEnumerable<LoggedPacket> Read(ReadOnlyMemory<byte> datagram)
    {
        while (datagram.Length >= HeaderBytes)
        {
            var length = BitConverter.ToInt32(datagram.Span);
            if (length < HeaderBytes || length > datagram.Length) yield break;
            if (BitConverter.ToUInt16(datagram.Span[4..]) == PacketMessage && length >= HeaderBytes + FamilyBytes)
                yield return One(datagram[(HeaderBytes + FamilyBytes)..length]);
            datagram = datagram[Math.Min(Aligned(length), datagram.Length)..];
        }
    }

    private static LoggedPacket One(ReadOnlyMemory<byte> attributes)
    {
        var packet = new LoggedPacket(0, "", default);
        while (attributes.Length >= AttributeBytes)
        {
            var length = BitConverter.ToUInt16(attributes.Span);
            if (length < AttributeBytes || length > attributes.Length) return packet;
            var value = attributes[AttributeBytes..length];
            packet = (BitConverter.ToUInt16(attributes.Span[2..]) & 0x3fff) switch
            {
                MarkAttribute when value.Length == sizeof(uint) => packet with { Mark = BinaryPrimitives.ReadUInt32BigEndian(value.Span) },
                PayloadAttribute => packet with { Payload = value },
                PrefixAttribute => packet with { Prefix = Encoding.ASCII.GetString(value.Span).TrimEnd('\0') },
                _ => packet,
            };
            attributes = attributes[Math.Min(Aligned(length), attributes.Length)..];
        }
        return packet;
    }

    private static int Aligned(int length) => (length + 3) & ~3;
}

/// <summary>What the log says of a packet: words of "name=value", of which none is the guest's to choose.</summary>
internal static class PacketLine
{
    /// <summary>The number of the port that a packet was logged at.</summary>
    public static int Port(LoggedPacket packet) => (int)(Ingress(packet) ? packet.Mark >> 16 : packet.Mark & 0xffff);

    /// <summary>The line; null when none of the port's logs is about it.</summary>
    public static string? Of(LoggedPacket packet, PortSpec port, DateTimeOffset now)
    {
        var accepted = packet.Prefix.StartsWith("ACCEPT", StringComparison.Ordinal);
        var group = packet.Prefix.Split(' ') is [_, _, var word] ? word.Replace('_', '-') : null;
        var logs = (port.Logs ?? []).Where(log => accepted ? log.Accepts && (log.GroupId is null || log.GroupId == group) : log.Drops).Select(log => log.Id).ToList();
        if (logs.Count == 0) return null;
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffff}Z action={(accepted ? "ACCEPT" : "DROP")}");
        line.Append(CultureInfo.InvariantCulture, $" direction={(Ingress(packet) ? "ingress" : "egress")} port={port.Id} server={port.DomainId}");
        line.Append(CultureInfo.InvariantCulture, $" network={port.NetworkId} logs={string.Join(',', logs)}");
        if (group is not null) line.Append(CultureInfo.InvariantCulture, $" group={group}");
        Addresses(line, packet.Payload.Span);
        return line.Append('\n').ToString();
    }

    private static bool Ingress(LoggedPacket packet) => packet.Prefix.Contains("ingress", StringComparison.Ordinal);

    private static void Addresses(StringBuilder line, ReadOnlySpan<byte> ip)
    {
        const int fourBytes = 20, sixBytes = 40;
        var version = ip.Length == 0 ? 0 : ip[0] >> 4;
        if (version == 4 && ip.Length >= fourBytes)
        {
            Common(line, ip.Slice(12, 4), ip.Slice(16, 4), BinaryPrimitives.ReadUInt16BigEndian(ip[2..]), ip[9]);
            // Only the first fragment has the header of the next protocol.
            var first = (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x1fff) == 0;
            if (first && (ip[0] & 15) * 4 <= ip.Length) Transport(line, ip[9], ip[((ip[0] & 15) * 4)..]);
        }
        else if (version == 6 && ip.Length >= sixBytes)
        {
            Common(line, ip.Slice(8, 16), ip.Slice(24, 16), BinaryPrimitives.ReadUInt16BigEndian(ip[4..]) + sixBytes, ip[6]);
            Transport(line, ip[6], ip[sixBytes..]);
        }
    }

    private static void Common(StringBuilder line, ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, int length, byte protocol)
    {
        var name = protocol switch { 1 => "icmp", 6 => "tcp", 17 => "udp", 58 => "ipv6-icmp", _ => protocol.ToString(CultureInfo.InvariantCulture) };
        line.Append(CultureInfo.InvariantCulture, $" src={new IPAddress(source)} dst={new IPAddress(destination)} length={length} proto={name}");
    }

    private static void Transport(StringBuilder line, byte protocol, ReadOnlySpan<byte> header)
    {
        if (header.Length < 4) return;
        if (protocol is 6 or 17 or 132)
        {
            var (from, to) = (BinaryPrimitives.ReadUInt16BigEndian(header), BinaryPrimitives.ReadUInt16BigEndian(header[2..]));
            line.Append(CultureInfo.InvariantCulture, $" sport={from} dport={to}");
        }
        else if (protocol is 1 or 58)
        {
            line.Append(CultureInfo.InvariantCulture, $" type={header[0]} code={header[1]}");
        }
    }
}
