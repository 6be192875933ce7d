using System.Security.Cryptography;
using Sovereign.Kernel.Sources;

namespace Sovereign.Kernel.Keys;

/// <summary>Authenticated encryption: AES-256-GCM with a random nonce. Form: version, nonce (12), ciphertext, tag (16).</summary>
public static class Sealing
{
    private const byte Form = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    public const int OverheadBytes = 1 + NonceBytes + TagBytes;

    public static byte[] Seal(byte[] key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context, IRandomness randomness)
    {
        var result = new byte[OverheadBytes + plain.Length];
        result[0] = Form;
        var nonce = result.AsSpan(1, NonceBytes);
        randomness.Fill(nonce);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(nonce, plain, result.AsSpan(1 + NonceBytes, plain.Length), result.AsSpan(result.Length - TagBytes), context);
        return result;
    }

    /// <returns>Null when the bytes were not sealed by this key for this context.</returns>
    public static byte[]? Open(byte[] key, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> context)
    {
        if (sealedBytes.Length < OverheadBytes || sealedBytes[0] != Form) return null;
        var plain = new byte[sealedBytes.Length - OverheadBytes];
        using var aes = new AesGcm(key, TagBytes);
        try
        {
            aes.Decrypt(
                sealedBytes.Slice(1, NonceBytes), sealedBytes.Slice(1 + NonceBytes, plain.Length), sealedBytes[^TagBytes..], plain, context);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
