using System.Text.Json.Serialization;

namespace Sovereign.Node.Contract;

/// <summary>A node as the operator sees it.</summary>
/// <param name="State">"up", "down", "fenced" (confirmed to be off) or "invited" (it joined and never said hello).</param>
/// <param name="Underlay">Its address for other nodes.</param>
/// <param name="Joined">True: it came by a token and speaks over TLS; false: it is the control plane's own machine.</param>
/// <param name="CertificateEndsAt">Microseconds UTC; null for the control plane's own machine.</param>
/// <param name="SeenAt">Microseconds UTC; 0: never.</param>
public sealed record NodeView(
    string Id, string Name, string State, string? Underlay, bool Joined, bool Gateway, long SeenAt, long? CertificateEndsAt, long? FencedAt,
    int? Cpus, int? MemoryMib, int? DiskGib, string? Accelerator, IReadOnlyList<string> Foreign);

/// <summary>All nodes by name.</summary>
public sealed record NodesView(IReadOnlyList<NodeView> Nodes);

/// <summary>Asks for an invitation.</summary>
/// <param name="Minutes">How long the invitation holds.</param>
public sealed record TokenOrder(int Minutes);

/// <summary>An invitation, shown once.</summary>
/// <param name="EndsAt">Microseconds UTC.</param>
public sealed record TokenView(string Token, string Url, long EndsAt);

/// <summary>Asks that a node be fenced.</summary>
/// <param name="Confirmed">True: the operator's own word that the machine is off; false: the fencing driver is asked.</param>
public sealed record FenceOrder(bool Confirmed);

/// <summary>JSON of what the operator's commands ask on the control plane's own socket.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NodesView))]
[JsonSerializable(typeof(TokenOrder))]
[JsonSerializable(typeof(TokenView))]
[JsonSerializable(typeof(FenceOrder))]
public sealed partial class OperatorJson : JsonSerializerContext;
