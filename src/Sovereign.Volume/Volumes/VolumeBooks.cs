using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Attachments;

namespace Sovereign.Volume.Volumes;

/// <summary>Writes a changed volume: its row, the journal, and whoever listens.</summary>
internal sealed class VolumeBooks
{
    private readonly List<Action<Tx, VolumeChange>> listeners = [];

    public void Listen(Action<Tx, VolumeChange> listener) => listeners.Add(listener);

    /// <param name="told">True: who listens (compute) is told of the state.</param>
    public VolumeRow Save(Tx tx, VolumeRow row, bool told = false, bool grown = false)
    {
        var saved = row with { UpdatedAt = tx.Now };
        VolumeStore.Update(tx, saved);
        if (row.GroupId is { } group) tx.Due(Groups.GroupRow.Kind, group);
        tx.Record(VolumeRow.Kind, row.Id, row.ProjectId, Change.Updated, saved.Document(), VolumesJson.Wire.VolumeDocument);
        if (told) Tell(tx, saved.Id, saved.Status, saved.Message, grown);
        return saved;
    }

    public void Tell(Tx tx, string id, string? status, string? message, bool grown = false)
    {
        var servers = AttachmentStore.OfVolume(tx, id).Select(attachment => attachment.ServerId).OfType<string>().ToList();
        foreach (var listener in listeners) listener(tx, new VolumeChange(id, status, message, servers) { Grown = grown });
    }
}
