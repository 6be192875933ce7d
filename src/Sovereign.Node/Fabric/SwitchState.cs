using System.Text.Json;

namespace Sovereign.Node.Fabric;

/// <summary>What the switching namespace holds, read from the kernel once after start: numbers of ports and networks, and the
/// links.</summary>
internal sealed class SwitchState
{
    /// <summary>Ports and networks per node: 16 bits of the packet mark, and of a conntrack zone.</summary>
    public const int NumberMax = 65535;

    private readonly Lock gate = new();
    private readonly Dictionary<string, int> ports = [];
    private readonly Dictionary<string, int> zones = [];
    private readonly Dictionary<string, string> links = [];

    public void Load(string fromMap, string zoneMap, Dictionary<string, string> linkAliases)
    {
        lock (gate)
        {
            ports.Clear();
            zones.Clear();
            links.Clear();
            foreach (var (tap, value) in Elements(fromMap)) ports[tap] = int.Parse(value.GetProperty("jump").GetProperty("target")
                .GetString()![2..], null);
            foreach (var (bridge, value) in Elements(zoneMap)) zones[bridge] = value.GetInt32();
            foreach (var (name, alias) in linkAliases) links[name] = alias;
        }
    }

    public int PortNumber(string tap) => Number(ports, tap);

    public int ZoneNumber(string bridge) => Number(zones, bridge);

    public int? KnownPort(string tap)
    {
        lock (gate) return ports.TryGetValue(tap, out var number) ? number : null;
    }

    public int? KnownZone(string bridge)
    {
        lock (gate) return zones.TryGetValue(bridge, out var number) ? number : null;
    }

    public void ForgetPort(string tap)
    {
        lock (gate) ports.Remove(tap);
    }

    public void ForgetZone(string bridge)
    {
        lock (gate) zones.Remove(bridge);
    }

    public bool HasLink(string name)
    {
        lock (gate) return links.ContainsKey(name);
    }

    public void AddLink(string name, string alias)
    {
        lock (gate) links[name] = alias;
    }

    public void RemoveLink(string name)
    {
        lock (gate) links.Remove(name);
    }

    private int Number(Dictionary<string, int> numbers, string name)
    {
        lock (gate)
        {
            if (numbers.TryGetValue(name, out var known)) return known;
            var taken = numbers.Values.ToHashSet();
            for (var number = 1; number <= NumberMax; number++)
            {
                if (taken.Contains(number)) continue;
                numbers[name] = number;
                return number;
            }
            throw new Machine.NodeException($"This node has {NumberMax} ports or networks already; use another node.");
        }
    }

    private static IEnumerable<(string Key, JsonElement Value)> Elements(string json)
    {
        foreach (var entry in JsonDocument.Parse(json).RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (!entry.TryGetProperty("map", out var map) || !map.TryGetProperty("elem", out var elements)) continue;
            foreach (var element in elements.EnumerateArray()) yield return (element[0].GetString()!, element[1]);
        }
    }
}
