using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Compute.Servers;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network;

namespace Sovereign.Compute.Proxies;

/// <summary>Actions on addresses of servers, which the network service has; until 2.43 (Compute API reference, "Servers - run an action").</summary>
internal sealed class AddressActions(KernelServices kernel, ServerService servers, INetworks networks)
{
    private const int FirstWithout = 44;

    /// <returns>Null when there is no such action here.</returns>
    public async Task<Answer?> Run(Call call, string id, string name, JsonElement arguments)
    {
        if (name is not ("addFloatingIp" or "removeFloatingIp" or "addFixedIp" or "removeFixedIp")) return null;
        if (call.Version.Has(FirstWithout)) return ComputeVersions.Unrouted(call);
        var found = servers.Find(call.Access, id);
        if (found.Fault is { } missing) return missing;
        if (ServerService.Locked(call.Access, found.Value) is { } locked) return locked;
        return name switch
        {
            "addFloatingIp" => await Associate(call, id, arguments),
            "removeFloatingIp" => await Disassociate(call, id, arguments),
            "addFixedIp" => await AddFixed(call, id, arguments),
            _ => await RemoveFixed(call, id, arguments),
        };
    }

    private async Task<Answer> Associate(Call call, string id, JsonElement arguments)
    {
        var read = Read(arguments, ProxyJson.Wire.FloatingAddress);
        if (read.Fault is { } wrong) return wrong;
        var asked = read.Value;
        if (Wrong("address", asked.Address) is { } noAddress) return noAddress;
        if (asked.FixedAddress is { } named && Wrong("fixed_address", named) is { } noFixed) return noFixed;
        return Accepted(await Change(call, "addFloatingIp", tx =>
        {
            var addresses = (networks.PortsOf(tx, [id]).GetValueOrDefault(id) ?? []).SelectMany(port => port.Addresses, (port, a) => (port, a.Address)).ToList();
            if (addresses.Count == 0) return new Fault.Invalid("address", "No fixed IPs associated to instance");
            if (asked.FixedAddress is { } wanted) addresses = addresses.FindAll(pair => pair.Address == wanted);
            if (addresses.Count == 0) return new Fault.Invalid("fixed_address", "Specified fixed address not assigned to instance");
            if (addresses.Find(pair => IsVersion4(pair.Address)) is not ({ } port, { } inner))
            {
                return new Fault.Invalid(
                    "address",
                    $"Unable to associate floating IP {asked.Address} to any fixed IPs for instance {id}. Instance has no fixed IPv4 addresses to associate.");
            }

            var floating = networks.Catalog.ByAddress(tx, call.Access, asked.Address);
            return floating.Fault is not null
                ? Wire.NotFound("floating IP not found")
                : networks.Catalog.Lead(tx, call.Access, floating.Value.Id, port.Id, inner);
        }));
    }

    private async Task<Answer> Disassociate(Call call, string id, JsonElement arguments)
    {
        var read = Read(arguments, ProxyJson.Wire.FloatingAddress);
        if (read.Fault is { } wrong) return wrong;
        var address = read.Value.Address;
        if (Wrong("address", address) is { } noAddress) return noAddress;
        var elsewhere = false;
        var done = await Change(call, "removeFloatingIp", tx =>
        {
            var floating = networks.Catalog.ByAddress(tx, call.Access, address);
            if (floating.Fault is not null) return Wire.NotFound("floating IP not found");
            elsewhere = floating.Value.DeviceId != id;
            return elsewhere ? Done.Value : networks.Catalog.Lead(tx, call.Access, floating.Value.Id, null, null);
        });
        return elsewhere && done.Ok ? new Fault.Conflict($"Floating IP {address} is not associated with instance {id}.") : Accepted(done);
    }

    private async Task<Answer> AddFixed(Call call, string id, JsonElement arguments)
    {
        var read = Read(arguments, ProxyJson.Wire.FixedNetwork);
        if (read.Fault is { } wrong) return wrong;
        var network = read.Value.NetworkId.ToString();
        return Accepted(await Change(call, "addFixedIp", tx => networks.Catalog.AddFixedAddress(tx, call.Access, id, network)));
    }

    private async Task<Answer> RemoveFixed(Call call, string id, JsonElement arguments)
    {
        var read = Read(arguments, ProxyJson.Wire.FixedAddress);
        if (read.Fault is { } wrong) return wrong;
        var address = read.Value.Address;
        if (Wrong("address", address) is { } noAddress) return noAddress;
        return Accepted(await Change(call, "removeFixedIp", tx => networks.Catalog.RemoveFixedAddress(tx, call.Access, id, address)));
    }

    /// <summary>What the network service refuses is a bad request here, as in the original; but for rights and what is not there.</summary>
    private async Task<Outcome<Done>> Change(Call call, string name, Func<Tx, Outcome<Done>> change)
    {
        var done = await kernel.Queue.Write("server." + name, call.Origin, change, call.Stop);
        return done.Fault is Fault.Conflict or Fault.OverQuota ? new Fault.Invalid("", done.Fault.Message) : done;
    }

    private static Answer Accepted(Outcome<Done> outcome) => Answer.Of(outcome, _ => Answer.Empty(202));

    private static Fault.Invalid? Wrong(string field, string address) => IPAddress.TryParse(address, out _)
        ? null
        : new Fault.Invalid(field, $"Invalid input for field/attribute {field}. Value: {address}. It is an IP address.");

    private static bool IsVersion4(string address) => IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily == AddressFamily.InterNetwork;

    private static Outcome<T> Read<T>(JsonElement arguments, JsonTypeInfo<T> type) => Call.Parse(Encoding.UTF8.GetBytes(arguments.GetRawText()), type);
}
