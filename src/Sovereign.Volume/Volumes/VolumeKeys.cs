using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager;

namespace Sovereign.Volume.Volumes;

/// <summary>Keys of encrypted volumes: secrets of the volume's project in the key manager. Those of volumes made before it stood are sealed beside the volume.</summary>
internal sealed class VolumeKeys(KernelServices kernel, ISecrets secrets)
{
    private const int KeyBytes = 32;
    private const int BitsPerByte = 8;

    /// <summary>Makes the key of a new volume; gives its id.</summary>
    /// <param name="source">The volume that it is a copy of, whose key it shares; null: a key of its own.</param>
    public Outcome<string> Make(Tx tx, string project, string user, string volumeId, VolumeRow? source)
    {
        var key = source is { Encrypted: true } ? Open(tx, source) : kernel.Randomness.Bytes(KeyBytes);
        return secrets.Create(tx, new SecretOrder(project, user, null, "symmetric", "application/octet-stream", key)
        {
            Algorithm = "aes", BitLength = KeyBytes * BitsPerByte, Mode = "xts", KeptFor = "volume " + volumeId,
        });
    }

    /// <summary>The key of an encrypted volume.</summary>
    /// <exception cref="InvalidOperationException">It can't be opened: its project's key was destroyed.</exception>
    public byte[] Open(Session session, VolumeRow row)
    {
        if (row.KeyId is { } id) return secrets.Reopen(session, id) is { Ok: true } secret ? secret.Value.Payload : throw Shut(row);
        return kernel.Keys.Open(session, row.ProjectId, row.SealedKey!, row.Id) ?? throw Shut(row);
    }

    /// <summary>The volume as it is in another project, whose key seals its key from then on.</summary>
    public Outcome<VolumeRow> Moved(Tx tx, VolumeRow row, string project, string user)
    {
        var moved = row with { ProjectId = project, UserId = user };
        if (!row.Encrypted) return moved;
        if (row.KeyId is { } id) return secrets.Give(tx, id, project, user).Map(_ => moved);
        return moved with { SealedKey = kernel.Keys.Seal(tx, project, Open(tx, row), row.Id) };
    }

    public void Remove(Tx tx, VolumeRow row)
    {
        if (row.KeyId is { } id) secrets.Delete(tx, id);
    }

    private static InvalidOperationException Shut(VolumeRow row) => new($"The key of volume {row.Id} can't be opened: its project's key was destroyed.");
}
