namespace Sovereign.Node.Contract;

/// <summary>How a network reaches its parts on other nodes: VXLAN over the nodes' underlay. Without it the network is on one node alone.</summary>
/// <param name="Local">This node's underlay address.</param>
/// <param name="UdpPort">Port of VXLAN on all nodes of the cloud; 4789 is IANA's.</param>
/// <param name="Remotes">Underlay addresses of the other nodes that have the network, sorted.</param>
public sealed record OverlaySpec(string Local, int UdpPort, IReadOnlyList<string> Remotes);
