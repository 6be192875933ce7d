using System.Collections.Concurrent;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Agent;

/// <summary>Who lives at which address of which network: what the metadata service asks.</summary>
public sealed class GuestDirectory
{
    private readonly ConcurrentDictionary<(string Network, string Address), string> domains = new();
    private readonly ConcurrentDictionary<string, PortSpec> ports = new();
    private readonly ConcurrentDictionary<string, GuestDataSpec> guests = new();

    public void Update(ManifestItem item)
    {
        if (item.Kind == ItemKinds.Domain)
        {
            if (item.Domain is { } domain) guests[item.Id] = domain.Guest;
            else guests.TryRemove(item.Id, out _);
        }
        if (item.Kind != ItemKinds.Port) return;
        if (ports.TryRemove(item.Id, out var before))
            foreach (var address in before.Addresses) domains.TryRemove(new((before.NetworkId, address.Address), before.DomainId));
        if (item.Port is not { } port) return;
        ports[item.Id] = port;
        foreach (var address in port.Addresses) domains[(port.NetworkId, address.Address)] = port.DomainId;
    }

    /// <summary>The documents of the guest that has this address on one of these networks; null when nobody has.</summary>
    public GuestDataSpec? Find(IEnumerable<string> networkIds, string address)
    {
        foreach (var network in networkIds)
            if (domains.TryGetValue((network, address), out var domain) && guests.TryGetValue(domain, out var guest)) return guest;
        return null;
    }
}
