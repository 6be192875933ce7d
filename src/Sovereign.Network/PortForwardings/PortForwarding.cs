using System.Globalization;
using Sovereign.Kernel.Outcomes;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Wire;

namespace Sovereign.Network.PortForwardings;

/// <summary>Ports of a floating IP that lead to ports of a fixed address: as many as there, or all to one.</summary>
internal sealed record PortForwardingRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>It is its floating IP's project's.</summary>
    public string ProjectId => "";

    public string FloatingipId { get; init; } = "";

    /// <summary>"tcp" or "udp".</summary>
    public string Protocol { get; init; } = "";

    public long ExternalFirst { get; init; }

    public long ExternalLast { get; init; }

    public string PortId { get; init; } = "";

    public string FixedAddress { get; init; } = "";

    public long InternalFirst { get; init; }

    public long InternalLast { get; init; }

    public string Description { get; init; } = "";

    public long CreatedAt { get; init; }

    public long Revision => 0;

    public PortForwardingView ToView() => new()
    {
        Id = Id, Protocol = Protocol, ExternalPort = Single(ExternalFirst, ExternalLast), ExternalPortRange = PortRange.Text(ExternalFirst, ExternalLast),
        InternalPort = Single(InternalFirst, InternalLast), InternalPortRange = PortRange.Text(InternalFirst, InternalLast), InternalPortId = PortId,
        InternalIpAddress = FixedAddress, Description = Description,
    };

    private static long? Single(long first, long last) => first == last ? first : null;
}

/// <summary>Ports as texts: "80:90".</summary>
internal static class PortRange
{
    private const long PortMax = 65535;

    public static string Text(long first, long last) => string.Create(CultureInfo.InvariantCulture, $"{first}:{last}");

    /// <summary>What a single port or a range says; the range wins nothing over the port: they must not be given both.</summary>
    /// <param name="side">"external" or "internal".</param>
    public static Outcome<(long First, long Last)?> Read(string side, long? port, string? range)
    {
        if (port is not null && range is not null && range != Text(port.Value, port.Value))
        {
            return NetworkFaults.BadRequest("port_forwarding", $"{side}_port and {side}_port_range cannot be given together");
        }

        if (port is not null)
        {
            return port is >= 1 and <= PortMax
                ? Outcome.Of<(long, long)?>((port.Value, port.Value))
                : NetworkFaults.Attribute($"{side}_port", $"'{port}' is not a valid port number");
        }

        if (range is null) return Outcome.Of<(long, long)?>(null);
        var parts = range.Split(':');
        if (parts.Length is 1 or 2 && Number(parts[0]) is { } first && Number(parts[^1]) is { } last && first <= last) return Outcome.Of<(long, long)?>((first, last));
        return NetworkFaults.Attribute($"{side}_port_range", $"'{range}' is not a valid port range");
    }

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= PortMax ? number : null;
}
