using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;

namespace Sovereign.Identity.ApplicationCredentials;

/// <summary>Secrets of application credentials: random, so a keyed hash is enough, and fast. The key is outside the database.</summary>
internal sealed class Secrets(MasterKey master, IRandomness randomness)
{
    public const int LengthMax = 255;
    private const int RandomBytes = 64;
    private const int StackBytes = LengthMax * 3;
    private readonly byte[] key = master.Derive("application-credentials");
    private readonly byte[] nothing = new byte[HMACSHA256.HashSizeInBytes];

    public string New() => Base64Url.EncodeToString(randomness.Bytes(RandomBytes));

    public byte[] Hash(string secret) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(secret));

    /// <param name="stored">Null for a credential that is not there: costs the same and is never right.</param>
    public bool Verify(string secret, byte[]? stored)
    {
        if (secret.Length > LengthMax) return false;
        Span<byte> text = stackalloc byte[StackBytes];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var length = Encoding.UTF8.GetBytes(secret, text);
        HMACSHA256.HashData(key, text[..length], hash);
        return CryptographicOperations.FixedTimeEquals(hash, stored ?? nothing) && stored is not null;
    }
}
