using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Sovereign.ObjectStore.Contents;

/// <summary>The checksums that S3 knows beside the MD5 of an entity tag (Amazon S3 API Reference, "Checking object integrity").</summary>
internal enum ChecksumKind
{
    None,
    Crc32,
    Crc32C,
    Sha1,
    Sha256,
}

internal static class ChecksumKinds
{
    private const string Prefix = "x-amz-checksum-";

    public static readonly IReadOnlyList<ChecksumKind> All = [ChecksumKind.Crc32, ChecksumKind.Crc32C, ChecksumKind.Sha1, ChecksumKind.Sha256];

    /// <summary>"CRC32C", as the algorithm is named in headers and XML.</summary>
    public static string ToWire(this ChecksumKind kind) => kind.ToString().ToUpperInvariant();

    /// <summary>"x-amz-checksum-crc32c".</summary>
    public static string Header(this ChecksumKind kind) => Prefix + kind.ToString().ToLowerInvariant();

    /// <summary>None: there is no algorithm of that name.</summary>
    public static ChecksumKind OfWire(string? name) => All.FirstOrDefault(kind => string.Equals(kind.ToWire(), name, StringComparison.OrdinalIgnoreCase));

    public static ChecksumKind OfHeader(string header) => All.FirstOrDefault(kind => string.Equals(kind.Header(), header, StringComparison.OrdinalIgnoreCase));

    /// <summary>How many bytes the sum has.</summary>
    public static int Bytes(this ChecksumKind kind) => kind switch { ChecksumKind.Sha1 => 20, ChecksumKind.Sha256 => 32, _ => 4 };

    public static Checksum Start(this ChecksumKind kind) => kind switch
    {
        ChecksumKind.Crc32 => new Crc32(),
        ChecksumKind.Crc32C => new Crc32C(),
        ChecksumKind.Sha1 => new HashSum(HashAlgorithmName.SHA1),
        ChecksumKind.Sha256 => new HashSum(HashAlgorithmName.SHA256),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}

/// <summary>A sum over bytes that come in pieces.</summary>
internal abstract class Checksum : IDisposable
{
    public abstract void Append(ReadOnlySpan<byte> bytes);

    /// <summary>The sum, in the order of its wire form (big-endian for CRCs).</summary>
    public abstract byte[] Finish();

    public virtual void Dispose()
    {
        // CRCs hold nothing.
    }
}

internal sealed class HashSum(HashAlgorithmName name) : Checksum
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(name);

    public override void Append(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);

    public override byte[] Finish() => hash.GetHashAndReset();

    public override void Dispose()
    {
        hash.Dispose();
        base.Dispose();
    }
}

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4); by the processor's instruction where it has one.</summary>
internal sealed class Crc32C : Checksum
{
    private uint state = uint.MaxValue;

    public uint Value => ~state;

    public override void Append(ReadOnlySpan<byte> bytes)
    {
        var crc = state;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var one in bytes) crc = BitOperations.Crc32C(crc, one);
        state = crc;
    }

    public override byte[] Finish()
    {
        var sum = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(sum, Value);
        return sum;
    }
}

/// <summary>CRC-32 of zlib and Ethernet (ISO/IEC 3309), eight bytes a step.</summary>
internal sealed class Crc32 : Checksum
{
    private const uint Polynomial = 0xEDB88320;
    private const int Step = 8;
    private const int TableEntries = 256;
    private static readonly uint[][] tables = Tables();
    private uint state = uint.MaxValue;

    public override void Append(ReadOnlySpan<byte> bytes)
    {
        var crc = state;
        while (bytes.Length >= Step)
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = tables[7][low & 0xFF] ^ tables[6][(low >> 8) & 0xFF] ^ tables[5][(low >> 16) & 0xFF] ^ tables[4][low >> 24]
                ^ tables[3][high & 0xFF] ^ tables[2][(high >> 8) & 0xFF] ^ tables[1][(high >> 16) & 0xFF] ^ tables[0][high >> 24];
            bytes = bytes[Step..];
        }

        foreach (var one in bytes) crc = tables[0][(crc ^ one) & 0xFF] ^ (crc >> 8);
        state = crc;
    }

    public override byte[] Finish()
    {
        var sum = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(sum, ~state);
        return sum;
    }

    private static uint[][] Tables()
    {
        var made = new uint[Step][];
        made[0] = new uint[TableEntries];
        for (var i = 0u; i < TableEntries; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ Polynomial;
            made[0][i] = crc;
        }

        for (var table = 1; table < Step; table++)
        {
            made[table] = new uint[TableEntries];
            for (var i = 0; i < TableEntries; i++) made[table][i] = (made[table - 1][i] >> 8) ^ made[0][made[table - 1][i] & 0xFF];
        }

        return made;
    }
}
