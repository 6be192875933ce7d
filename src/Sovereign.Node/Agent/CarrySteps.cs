using System.Security.Cryptography;
using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Agent;

/// <summary>Disks that leave for another node, and those that come from one.</summary>
internal sealed partial class ItemSteps
{
    /// <summary>Sends every disk until it is kept as it was read; what it needed for that goes with the item.</summary>
    private async Task<StepResult> Carry(Entry entry, CancellationToken stop)
    {
        var id = entry.Item.Id;
        if (entry.Item.Carry is not { } carry)
        {
            await drivers.Disks.DropPacked(id, stop);
            return StepResult.Seen(entry, ItemState.Absent);
        }
        if (table.Find(ItemKinds.Domain, carry.DomainId)?.Item.Domain is not { } domain)
            throw new NodeException($"The server {carry.DomainId} is not on this node: there are no disks to carry.");
        if ((await drivers.Hypervisor.Look(carry.DomainId, stop)).Power is DomainPower.Running or DomainPower.Paused)
            throw new NodeException($"The server {carry.DomainId} runs: its disks can't be carried.");
        // A server that was never started here has no disk yet.
        if (domain.Root is not null && !await drivers.Disks.HasOverlay(domain.Id, stop)) await Disks(domain, stop);
        foreach (var blank in domain.Blanks) await drivers.Disks.EnsureBlank(domain.Id, blank, stop);
        foreach (var name in domain.Blanks.Select(blank => blank.Name).Concat(domain.Root is null ? [] : ["root"]))
        {
            await using var content = await drivers.Disks.OpenPacked(id, domain.Id, domain.Root, name, stop);
            await using var read = new HashedStream(content);
            var kept = await control.SendDisk(id, name, read, stop);
            if (kept != read.Digest()) throw new NodeException($"The disk {name} of {domain.Id} was changed or cut on the way to the control plane. It is sent again.");
        }
        return StepResult.Seen(entry, ItemState.Present);
    }

    private async Task Carried(DomainSpec domain, CancellationToken stop)
    {
        // Without it a new disk would be made from the image, and hide that the old one is lost.
        if (domain is { Root: not null, Carried: { } carried } && carried.All(disk => disk.Name != "root"))
            throw new NodeException($"The root disk of {domain.Id} did not arrive with the control plane: it is on its old node. Revert the move.");
        foreach (var disk in domain.Carried ?? [])
            await drivers.Disks.EnsureCarried(domain.Id, domain.Root, disk, (offset, end) => control.OpenDisk(disk.Carry, disk.Name, offset, end), stop);
    }
}

/// <summary>Digests what is read through it.</summary>
internal sealed class HashedStream(Stream source) : Stream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private string? digest;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Why reading failed; null: it did not.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Of what was read; still there when whoever sent the stream closed it.</summary>
    public string Digest() => digest ?? Convert.ToHexStringLower(hash.GetCurrentHash());

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = source.Read(buffer, offset, count);
        hash.AppendData(buffer, offset, read);
        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        try
        {
            read = await source.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Failure = failure;
            throw;
        }
        hash.AppendData(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && digest is null)
        {
            digest = Digest();
            hash.Dispose();
        }
        base.Dispose(disposing);
    }
}
