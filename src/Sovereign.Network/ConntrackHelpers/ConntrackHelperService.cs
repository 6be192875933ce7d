using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Fabric;
using Sovereign.Network.Routers;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Network.ConntrackHelpers;

/// <summary>Conntrack helpers of routers; each change is one of the router.</summary>
internal sealed class ConntrackHelperService(KernelServices kernel, FabricPlan fabric)
{
    private const long PortMax = 65535;
    private static readonly string[] protocols = ["dccp", "icmp", "ipv6-icmp", "sctp", "tcp", "udp"];

    public Outcome<ConntrackHelperRow> Create(Tx tx, RouterRow router, ConntrackHelperWish wish)
    {
        foreach (var (name, given) in new[]
        {
            ("protocol", wish.Protocol.Or(null) is not null), ("port", wish.Port.Or(null) is not null), ("helper", wish.Helper.Or(null) is not null),
        })
        {
            if (!given) return new Fault.Invalid(name, $"Failed to parse request. Required attribute '{name}' not specified");
        }

        return Fill(tx, router, new ConntrackHelperRow { Id = kernel.Ids.Uuid(), RouterId = router.Id }, wish, ConntrackHelperStore.Insert);
    }

    public Outcome<ConntrackHelperRow> Update(Tx tx, RouterRow router, ConntrackHelperRow old, ConntrackHelperWish wish) =>
        Fill(tx, router, old, wish, ConntrackHelperStore.Update);

    public Outcome<Done> Delete(Tx tx, RouterRow router, ConntrackHelperRow row)
    {
        ConntrackHelperStore.Delete(tx, row.Id);
        RouterService.Save(tx, fabric, router);
        return Done.Value;
    }

    private Outcome<ConntrackHelperRow> Fill(
        Tx tx, RouterRow router, ConntrackHelperRow row, ConntrackHelperWish wish, Func<Tx, ConntrackHelperRow, bool> store)
    {
        if (Attributes.Texts(("helper", wish.Helper), ("protocol", wish.Protocol)) is { } text) return text;
        if (wish.Port is { Given: true, Value: null or < 1 or > PortMax }) return NetworkFaults.Attribute("port", $"'{wish.Port.Value}' is not a valid port number");
        var next = row with
        {
            Protocol = (wish.Protocol.Or(row.Protocol) ?? "").ToLowerInvariant(),
            Port = wish.Port.Or(row.Port) ?? row.Port,
            Helper = wish.Helper.Or(row.Helper) ?? "",
        };
        if (!protocols.Contains(next.Protocol)) return NetworkFaults.Attribute("protocol", $"'{next.Protocol}' is not in ['{string.Join("', '", protocols)}']");
        var supported = HelperSpec.Protocols(next.Helper);
        if (supported.Count == 0) return NetworkFaults.Refused("ConntrackHelperNotAllowed", $"Conntrack Helper {next.Helper} is not allowed.");
        if (!supported.Contains(next.Protocol))
        {
            return NetworkFaults.Refused(
                "InvalidProtocolForHelper",
                $"Conntrack Helper {next.Helper} does not support: {next.Protocol}. Supported protocols are: {string.Join(", ", supported)}");
        }

        if (!store(tx, next))
        {
            return NetworkFaults.BadRequest(
                "conntrack_helper",
                $"A duplicate conntrack helper entry with same attributes already exists, conflicting values are {next.Protocol}, {next.Port}, {next.Helper}");
        }

        RouterService.Save(tx, fabric, router);
        return next;
    }
}
