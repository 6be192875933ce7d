using System.Text.Json.Serialization;

namespace Sovereign.Node.Contract;

/// <summary>What a node says of itself when it connects, and again when it changes.</summary>
/// <param name="HostName">Name shown as the hypervisor's.</param>
/// <param name="MemoryMib">Memory of the machine in MiB.</param>
/// <param name="DiskGib">Size of the file system of the instances in GiB.</param>
/// <param name="Accelerator">"kvm" or "tcg", as the boot probe found.</param>
/// <param name="HypervisorVersion">QEMU's version as Nova writes it: 7.2.22 is 7002022.</param>
/// <param name="HostAddress">The underlay: where other nodes reach this one. A loopback address: nowhere.</param>
/// <param name="ExternalCidr">The external range that this node's fabric chose free on its host, for the first start; "" for a node that has none, where
/// no router and no floating IP can be.</param>
public sealed record NodeFacts(
    string HostName, string HostAddress, int Cpus, int MemoryMib, int DiskGib, string Accelerator, string CpuModel,
    long HypervisorVersion, string ExternalCidr)
{
    /// <summary>Where volumes can be on this node; null: from an agent that does not know of volumes.</summary>
    public IReadOnlyList<BackendFacts>? Backends { get; init; }

    /// <summary>True: it takes in servers that come while they run. An agent that does not know of that would start them anew.</summary>
    public bool Receives { get; init; }

    /// <summary>True: the external network is joined to this node's host.</summary>
    [JsonIgnore]
    public bool Gateway => ExternalCidr.Length > 0;
}

/// <summary>What the node observed after working on a manifest; only items whose state changed, or all after a (re)connect.</summary>
/// <param name="Complete">True: every thing of this cloud on this node is listed.</param>
/// <param name="Foreign">Things that carry this cloud's and node's mark but that no manifest ever named: set aside, not removed.</param>
public sealed record NodeReport(string Node, bool Complete, IReadOnlyList<ItemReport> Items, IReadOnlyList<string> Foreign)
{
    public int Schema { get; init; } = 1;

    /// <summary>Version of the manifest that the agent had heard in full when it wrote this; null: from an agent that does not say.</summary>
    public long? Heard { get; init; }
}

/// <summary>What the node observed of one item.</summary>
/// <param name="Version">Version of the manifest item that this observation answers.</param>
/// <param name="Message">Why, when the state is Error: what happened and what to do.</param>
/// <param name="RebootCount">For domains: the reboots done.</param>
public sealed record ItemReport(string Kind, string Id, long Version, ItemState State, string? Message = null, int RebootCount = 0);

/// <summary>Present serves networks, groups, ports, routers and snapshots (sent); Running, Shutoff, Crashed, Paused and Suspended serve domains. Arriving: it is
/// taken in from another node, and the message says at which door. Departed: it has left for another node.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ItemState>))]
public enum ItemState { Absent, Present, Running, Shutoff, Crashed, Error, Paused, Suspended, Arriving, Departed }

/// <summary>JSON of everything that goes between control plane and node.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NodeManifest))]
[JsonSerializable(typeof(NodeFacts))]
[JsonSerializable(typeof(NodeReport))]
[JsonSerializable(typeof(ManifestItem))]
[JsonSerializable(typeof(NodeWelcome))]
[JsonSerializable(typeof(DomainDiagnostics))]
[JsonSerializable(typeof(MoveProgress))]
[JsonSerializable(typeof(BalancerCounters))]
public sealed partial class NodeJson : JsonSerializerContext;
