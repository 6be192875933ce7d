using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Volume.Services;

/// <summary>Availability zones of volumes: there is one.</summary>
internal sealed class ZoneService(VolumeOptions options, INodes nodes)
{
    public string Default => options.Zone;

    /// <summary>True while a node that keeps volumes is up.</summary>
    public bool Available => nodes.List().Any(node => node.Up && Backends(node).Count > 0);

    public bool Known(string zone) => zone == options.Zone;

    public static IReadOnlyList<BackendFacts> Backends(NodeInfo node) => node.Facts.Backends ?? [];
}
