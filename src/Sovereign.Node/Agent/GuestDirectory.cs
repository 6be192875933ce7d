using System.Collections.Concurrent;
using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;

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
            foreach (var address in Addresses(before)) domains.TryRemove(new((before.NetworkId, address), before.DomainId));
        if (item.Port is not { } port) return;
        ports[item.Id] = port;
        foreach (var address in Addresses(port)) domains[(port.NetworkId, address)] = port.DomainId;
    }

    /// <summary>The floating IP that leads to the port that has this address on one of these networks; "" when none does.</summary>
    public string PublicOf(IReadOnlyCollection<string> networkIds, string address) =>
        ports.Values.FirstOrDefault(port => networkIds.Contains(port.NetworkId) && Addresses(port).Contains(address))?.Addresses
            .Select(a => a.PublicAddress).FirstOrDefault(a => a is not null) ?? "";

    /// <summary>The domain that has this address on one of these networks; null when nobody has.</summary>
    public string? DomainOf(IEnumerable<string> networkIds, string address) =>
        networkIds.Select(network => domains.GetValueOrDefault((network, address))).FirstOrDefault(domain => domain is not null);

    /// <summary>The first IPv4 address of the port that has this address on one of these networks; "" when it has none.</summary>
    public string Ipv4Of(IReadOnlyCollection<string> networkIds, string address) => !address.Contains(':') ? address
        : ports.Values.FirstOrDefault(port => networkIds.Contains(port.NetworkId) && Addresses(port).Contains(address))?.Addresses
            .FirstOrDefault(a => !a.Address.Contains(':'))?.Address ?? "";

    /// <summary>The documents of the guest that has this address on one of these networks; null when nobody has.</summary>
    public GuestDataSpec? Find(IEnumerable<string> networkIds, string address)
    {
        foreach (var network in networkIds)
            if (domains.TryGetValue((network, address), out var domain) && guests.TryGetValue(domain, out var guest)) return guest;
        return null;
    }

    /// <summary>What a guest may ask from: its own addresses, and the one of its link, which the metadata service is on.</summary>
    private static IEnumerable<string> Addresses(PortSpec port) => port.Addresses.Select(a => a.Address).Append(Ipv6Rules.LinkLocal(port.Mac));
}
