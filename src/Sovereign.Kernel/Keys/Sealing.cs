using System.Collections.Concurrent;
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
        using var aes = new AesGcm(key, TagBytes);
        return Seal(aes, plain, context, randomness);
    }

    /// <returns>Null when the bytes were not sealed by this key for this context.</returns>
    public static byte[]? Open(byte[] key, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> context)
    {
        using var aes = new AesGcm(key, TagBytes);
        return Open(aes, sealedBytes, context);
    }

    internal static AesGcm Cipher(byte[] key) => new(key, TagBytes);

    internal static byte[] Seal(AesGcm aes, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context, IRandomness randomness)
    {
        var result = new byte[OverheadBytes + plain.Length];
        result[0] = Form;
        var nonce = result.AsSpan(1, NonceBytes);
        randomness.Fill(nonce);
        aes.Encrypt(nonce, plain, result.AsSpan(1 + NonceBytes, plain.Length), result.AsSpan(result.Length - TagBytes), context);
        return result;
    }

    internal static byte[]? Open(AesGcm aes, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> context)
    {
        if (sealedBytes.Length < OverheadBytes || sealedBytes[0] != Form) return null;
        var plain = new byte[sealedBytes.Length - OverheadBytes];
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

/// <summary>One key in constant use: its prepared ciphers are kept, since preparing one costs more than sealing a token. Safe from many threads.</summary>
internal sealed class SealingKey(byte[] key)
{
    private readonly ConcurrentBag<AesGcm> idle = [];

    public byte[] Seal(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context, IRandomness randomness)
    {
        var aes = Take();
        var result = Sealing.Seal(aes, plain, context, randomness);
        idle.Add(aes);
        return result;
    }

    /// <returns>Null when the bytes were not sealed by this key for this context.</returns>
    public byte[]? Open(ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> context)
    {
        var aes = Take();
        var result = Sealing.Open(aes, sealedBytes, context);
        idle.Add(aes);
        return result;
    }

    private AesGcm Take() => idle.TryTake(out var aes) ? aes : Sealing.Cipher(key);
}
