using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume.Groups;
using Sovereign.Volume.Services;
using Sovereign.Volume.Types;

namespace Sovereign.Volume.Volumes;

/// <summary>A place for a volume.</summary>
internal sealed record VolumePlace(NodeInfo Node, BackendFacts Backend);

/// <summary>Chooses node and backend of a new volume: where it must be, then where most is free after what is promised.</summary>
internal sealed class VolumePlacing(INodes nodes)
{
    private const string BackendSpec = "volume_backend_name";

    /// <summary>All places, whether or not their nodes are up.</summary>
    public IEnumerable<VolumePlace> Places() =>
        nodes.List().SelectMany(node => ZoneService.Backends(node).Select(backend => new VolumePlace(node, backend)));

    public BackendFacts? Backend(string? nodeId, string? name) =>
        nodeId is null ? null : nodes.Find(nodeId) is { } node ? ZoneService.Backends(node).FirstOrDefault(backend => backend.Name == name) : null;

    /// <summary>Whether a node has a volume, or its place in common with the node that keeps it.</summary>
    public bool Reaches(VolumeRow volume, string nodeId) => volume.NodeId == nodeId
        || (Backend(volume.NodeId, volume.Backend) is { Shared: true } here && Backend(nodeId, volume.Backend) is { Shared: true } there && there.Place == here.Place);

    /// <summary>Unavailable: a node may come back in a moment. Conflict: no place has room, and why.</summary>
    public Outcome<VolumePlace> Choose(Session session, VolumeRow row, TypeRow type)
    {
        var all = Places().ToList();
        if (all.Count == 0)
        {
            return nodes.Settled
                ? new Fault.Conflict("No valid backend was found: no node of this cloud keeps volumes.")
                : new Fault.Unavailable("the nodes to come back");
        }

        var specs = type.Specs();
        var fitting = all.Where(place => Capabilities.Fit(place, specs)).Where(place => Copies(row, place)).Where(place => With(session, row, place)).ToList();
        if (fitting.Count == 0)
        {
            var wanted = specs.GetValueOrDefault(BackendSpec) ?? row.Backend;
            return new Fault.Conflict("No valid backend was found: none "
                + (wanted is null ? "is what the extra specs of the volume type ask for." : $"is named '{wanted}'."));
        }

        var disabled = ServiceStore.DisabledHosts(session);
        var up = fitting.Where(place => place.Node.Up && !disabled.Contains(ServiceStore.Host(place))).ToList();
        if (up.Count == 0)
        {
            return nodes.Settled
                ? new Fault.Conflict("No valid backend was found: the nodes that have it are down or disabled.")
                : new Fault.Unavailable("the nodes to come back");
        }

        var promised = VolumeStore.Promised(session);
        var roomy = up.Select(place => (Place: place, Free: Free(place, promised))).Where(pair => pair.Free >= row.WantedGib).ToList();
        if (roomy.Count == 0)
        {
            var most = up.Max(place => Free(place, promised));
            return new Fault.Conflict($"No valid backend was found: the volume needs {row.WantedGib} GiB, and at most {Math.Max(0, most)} GiB are free of promises.");
        }

        return roomy.OrderByDescending(pair => pair.Place.Node.Id == row.WantedNode).ThenByDescending(pair => pair.Free)
            .ThenBy(pair => pair.Place.Node.HostName, StringComparer.Ordinal).First().Place;
    }

    /// <summary>What of a backend is neither used nor promised, in GiB.</summary>
    public static long Free(VolumePlace place, IReadOnlyDictionary<(string Node, string Backend), long> promised)
    {
        var taken = place.Backend.Shared
            ? promised.Where(pair => pair.Key.Backend == place.Backend.Name).Sum(pair => pair.Value)
            : promised.GetValueOrDefault((place.Node.Id, place.Backend.Name));
        return Math.Min(place.Backend.FreeGib, place.Backend.TotalGib - taken);
    }

    /// <summary>Volumes of a group are in one place, so that they can be kept at one moment.</summary>
    private static bool With(Session session, VolumeRow row, VolumePlace place) =>
        row.GroupId is not { } group || GroupStore.Volumes(session, group).Find(other => other.NodeId is not null) is not { } there
            || (there.Backend == place.Backend.Name && there.NodeId == place.Node.Id);

    /// <summary>A copy is made by the backend that has its source.</summary>
    private static bool Copies(VolumeRow row, VolumePlace place) =>
        (row.SnapshotId is null && row.SourceVolumeId is null) || (row.Backend == place.Backend.Name && (place.Backend.Shared || row.WantedNode == place.Node.Id));
}
