using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sovereign.Kernel.Journal;

/// <summary>The chain's arithmetic, in one place for the writer and the verifier.</summary>
internal static class JournalChain
{
    public const int SaltBytes = 16;

    public static readonly byte[] Origin = new byte[SHA256.HashSizeInBytes];

    /// <summary>Digest of the document after the change; the salt keeps an erased document from being guessed.</summary>
    public static byte[] Digest(byte[] salt, byte[] document)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(salt);
        hash.AppendData(document);
        return hash.GetHashAndReset();
    }

    /// <summary>Hash over the previous hash, the header and the digest. Each text is preceded by its length, so that no two headers read alike.</summary>
    public static byte[] Hash(byte[] previous, JournalEntry entry, byte[] digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(previous);
        Number(hash, entry.Sequence);
        Text(hash, entry.Incarnation);
        Number(hash, entry.Time);
        Text(hash, entry.RequestId);
        Text(hash, entry.ActorId);
        if (entry.Owner is { } owner) Text(hash, owner);
        else Number(hash, -1);
        Text(hash, entry.Kind);
        Text(hash, entry.Id);
        Number(hash, (long)entry.Change);
        hash.AppendData(digest);
        return hash.GetHashAndReset();
    }

    private static void Number(IncrementalHash hash, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        hash.AppendData(bytes);
    }

    private static void Text(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Number(hash, bytes.Length);
        hash.AppendData(bytes);
    }
}
