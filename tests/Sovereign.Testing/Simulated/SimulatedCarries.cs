using System.Security.Cryptography;
using Sovereign.Node.Control;

namespace Sovereign.Testing.Simulated;

/// <summary>Disks between two nodes, in memory; they outlive the control plane as files do.</summary>
public sealed class SimulatedCarries : ICarryFiles
{
    /// <summary>Bytes by carry and name.</summary>
    public SortedDictionary<(string Id, string Name), byte[]> Kept { get; } = [];

    public Task<(string Digest, long Bytes)> Keep(string id, string name, Stream content, CancellationToken stop)
    {
        using var bytes = new MemoryStream();
        content.CopyTo(bytes);
        Kept[(id, name)] = bytes.ToArray();
        return Task.FromResult((Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())), bytes.Length));
    }

    public Stream Open(string id, string name) =>
        Kept.TryGetValue((id, name), out var bytes) ? new MemoryStream(bytes) : throw new FileNotFoundException($"No disk {name} of {id} is kept.");

    public void Drop(string id)
    {
        foreach (var key in Kept.Keys.Where(key => key.Id == id).ToList()) Kept.Remove(key);
    }

    public IReadOnlyList<string> List() => [.. Kept.Keys.Select(key => key.Id).Distinct()];
}
