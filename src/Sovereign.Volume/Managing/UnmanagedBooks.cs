using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Volume.Managing;

/// <summary>What becomes of what is unmanaged when volumes change.</summary>
internal sealed class UnmanagedBooks(INodes nodes)
{
    /// <summary>The volume that was made of an unmanaged one is there: the old one goes, and the new one stands on what it wrote.</summary>
    public void Managed(Tx tx, string volumeId)
    {
        if (UnmanagedStore.ManagedBy(tx, volumeId) is not { } old) return;
        nodes.Remove(tx, old.NodeId, ItemKinds.Volume, old.Id);
        UnmanagedStore.DeleteVolume(tx, old.Id);
    }

    /// <summary>It did not become a volume: it can be managed again.</summary>
    public static void Released(Tx tx, string volumeId)
    {
        if (UnmanagedStore.ManagedBy(tx, volumeId) is { } old) UnmanagedStore.SetManager(tx, old.Id, null);
    }

    /// <summary>A volume goes, and its unmanaged snapshots with it.</summary>
    public void VolumeGoes(Tx tx, string volumeId)
    {
        Released(tx, volumeId);
        foreach (var snapshot in UnmanagedStore.SnapshotsOf(tx, volumeId))
        {
            nodes.Remove(tx, snapshot.NodeId, ItemKinds.VolumeSnapshot, snapshot.Id);
            UnmanagedStore.DeleteSnapshot(tx, snapshot.Id);
        }
    }
}
