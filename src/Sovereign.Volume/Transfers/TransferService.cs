using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Transfers;

/// <summary>Gives volumes to other projects: offered with a random key, taken by whoever knows it.</summary>
internal sealed class TransferService(KernelServices kernel, VolumeItems items, VolumeBooks books, VolumeKeys keys)
{
    private const int KeyBytes = 8;
    private readonly byte[] hashing = kernel.Master.Derive("volume-transfers");

    public static Outcome<TransferRow> Find(Session session, AccessGrant access, string id) =>
        TransferStore.Find(session, id) is { Accepted: false } row && access.Covers(row.ProjectId) ? row : Missing(id);

    public static Fault Missing(string id) => VolumeFaults.Missing($"Transfer {id} could not be found.");

    /// <returns>The transfer and its key, which is told once.</returns>
    /// <param name="encrypted">True: also of encrypted volumes.</param>
    public Task<Outcome<(TransferRow Row, string Key)>> Create(
        AccessGrant access, string volumeId, string? name, bool noSnapshots, bool encrypted, CancellationToken stop) => kernel.Queue.Write<(TransferRow, string)>(
        "volume-transfer.create",
        access.Origin,
        tx =>
        {
            var found = VolumeService.Find(tx, access, volumeId);
            if (found.Fault is { } missing) return missing;
            var volume = found.Value;
            if (volume.Status != VolumeStates.Available) return VolumeFaults.InvalidVolume("status must be available");
            if (volume.Encrypted && !encrypted) return VolumeFaults.InvalidVolume("transferring encrypted volume is not supported");
            var key = Convert.ToHexStringLower(kernel.Randomness.Bytes(KeyBytes));
            var row = new TransferRow
            {
                Id = kernel.Ids.Uuid(), VolumeId = volumeId, ProjectId = volume.ProjectId, Name = name, NoSnapshots = noSnapshots, CreatedAt = tx.Now,
                SecretHash = HMACSHA256.HashData(hashing, Encoding.UTF8.GetBytes(key)),
            };
            TransferStore.Insert(tx, row);
            tx.Record(TransferRow.Kind, row.Id, row.ProjectId, Change.Created, row.Document(), TransferJson.Wire.TransferDocument);
            books.Save(tx, volume with { Status = VolumeStates.AwaitingTransfer });
            return (row, key);
        },
        stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "volume-transfer.delete",
        access.Origin,
        tx => Find(tx, access, id).Map(row =>
        {
            TransferStore.Delete(tx, id);
            tx.Record(TransferRow.Kind, id, row.ProjectId, Change.Deleted, row.Document(), TransferJson.Wire.TransferDocument);
            if (VolumeStore.Find(tx, row.VolumeId) is { Status: VolumeStates.AwaitingTransfer } volume) books.Save(tx, volume with { Status = VolumeStates.Available });
            return Done.Value;
        }),
        stop);

    public Task<Outcome<TransferRow>> Accept(AccessGrant access, string id, string key, CancellationToken stop) => kernel.Queue.Write<TransferRow>(
        "volume-transfer.accept",
        access.Origin,
        tx =>
        {
            if (TransferStore.Find(tx, id) is not { Accepted: false } row) return Missing(id);
            if (!CryptographicOperations.FixedTimeEquals(row.SecretHash, HMACSHA256.HashData(hashing, Encoding.UTF8.GetBytes(key))))
            {
                return new Fault.Invalid("auth_key", $"Invalid auth key: Attempt to transfer {id} with invalid auth key.");
            }

            if (access.Caller.ProjectId is not { } project) return new Fault.Forbidden("Volumes belong to projects: a token of a project is needed.");
            if (VolumeStore.Find(tx, row.VolumeId) is not { Status: VolumeStates.AwaitingTransfer } volume)
            {
                return VolumeFaults.InvalidVolume($"Transfer {id}: Volume id {row.VolumeId} expected in state awaiting-transfer");
            }

            if (Move(tx, volume, access.Caller.UserId, project, row.NoSnapshots) is { } over) return over;
            TransferStore.Accept(tx, id, project);
            tx.Record(TransferRow.Kind, id, row.ProjectId, Change.Updated, row.Document() with { DestinationProjectId = project }, TransferJson.Wire.TransferDocument);
            return row with { Accepted = true, DestinationProjectId = project };
        },
        stop);

    /// <summary>Null when the volume belongs to the other project now.</summary>
    private Fault? Move(Tx tx, VolumeRow volume, string user, string project, bool noSnapshots)
    {
        VolumeQuotas.GiveVolume(kernel.Quotas, tx, volume.ProjectId, volume.TypeId, volume.WantedGib);
        if (VolumeQuotas.TakeVolume(kernel.Quotas, tx, project, volume.TypeId, volume.WantedGib) is { } over) return over;
        foreach (var snapshot in noSnapshots ? [] : SnapshotStore.OfVolume(tx, volume.Id))
        {
            VolumeQuotas.GiveSnapshot(kernel.Quotas, tx, snapshot.ProjectId, snapshot.TypeId, snapshot.SizeGib);
            if (VolumeQuotas.TakeSnapshot(kernel.Quotas, tx, project, snapshot.TypeId, snapshot.SizeGib) is { } many) return many;
            SnapshotService.Save(tx, snapshot with { ProjectId = project, UserId = user });
        }

        var moved = keys.Moved(tx, volume, project, user);
        if (moved.Fault is { } refused) return refused;
        items.Put(tx, books.Save(tx, moved.Value with { Status = VolumeStates.Available }));
        return null;
    }
}
