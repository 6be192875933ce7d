using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Sovereign.Identity.Model;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

/// <summary>What a user has proved so far when its rules want more.</summary>
internal sealed record Receipt(string UserId, AuthMethods Methods, long IssuedAt, long ExpiresAt);

internal sealed record ReceiptDomain(string Id, string? Name);

internal sealed record ReceiptUser(ReceiptDomain Domain, string Id, string Name);

internal sealed record ReceiptView(string ExpiresAt, string IssuedAt, IReadOnlyList<string> Methods, ReceiptUser User);

internal sealed record ReceiptAnswer(ReceiptView Receipt, IReadOnlyList<IReadOnlyList<string>> RequiredAuthMethods);

[JsonSerializable(typeof(ReceiptAnswer))]
internal sealed partial class ReceiptJson : JsonSerializerContext
{
    public static readonly ReceiptJson Wire = new(WireJson.Options());
}

/// <summary>Makes and reads receipts: sealed like tokens, under a key of their own, so that none is ever taken for a token.</summary>
internal sealed class Receipts(KernelServices kernel)
{
    public const string Header = "Openstack-Auth-Receipt";
    private const int FixedBytes = 17;
    private const int TextMax = 512;
    private static readonly TimeSpan lifetime = TimeSpan.FromMinutes(5);
    private static readonly byte[] context = "receipt"u8.ToArray();
    private readonly byte[] key = kernel.Master.Derive("receipts");

    public (string Text, Receipt Receipt) Issue(string userId, AuthMethods methods)
    {
        var now = kernel.Clock.Now();
        var receipt = new Receipt(userId, methods, now, now + Micros.Of(lifetime));
        var plain = new byte[FixedBytes + Encoding.UTF8.GetByteCount(userId)];
        plain[0] = (byte)methods;
        BinaryPrimitives.WriteInt64BigEndian(plain.AsSpan(1), receipt.IssuedAt);
        BinaryPrimitives.WriteInt64BigEndian(plain.AsSpan(9), receipt.ExpiresAt);
        Encoding.UTF8.GetBytes(userId, plain.AsSpan(FixedBytes));
        return (Base64Url.EncodeToString(Sealing.Seal(key, plain, context, kernel.Randomness)), receipt);
    }

    /// <returns>Null when it is none of ours, or over.</returns>
    public Receipt? Open(string text)
    {
        if (text.Length is 0 or > TextMax || !Base64Url.IsValid(text)) return null;
        var plain = Sealing.Open(key, Base64Url.DecodeFromChars(text), context);
        if (plain is null || plain.Length <= FixedBytes) return null;
        var receipt = new Receipt(
            Encoding.UTF8.GetString(plain.AsSpan(FixedBytes)), (AuthMethods)plain[0], BinaryPrimitives.ReadInt64BigEndian(plain.AsSpan(1)),
            BinaryPrimitives.ReadInt64BigEndian(plain.AsSpan(9)));
        return receipt.ExpiresAt > kernel.Clock.Now() ? receipt : null;
    }

    public static ReceiptAnswer Show(Receipt receipt, UserEntry user, string? domainName) => new(
        new ReceiptView(
            Micros.ToMicrosZ(receipt.ExpiresAt), Micros.ToMicrosZ(receipt.IssuedAt), [.. MethodNames.Of(receipt.Methods)],
            new(new(user.DomainId, domainName), user.Id, user.Name)),
        user.FactorRules);
}

/// <summary>Time-based one-time passwords (RFC 6238: SHA-1, 30 s, six digits), of this period or the one before.</summary>
internal static class OneTimePasswords
{
    private const int PeriodSeconds = 30;
    private const int Digits = 1_000_000;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static bool IsRight(string passcode, string base32, long now)
    {
        if (passcode.Length != 6 || Decoded(base32) is not { Length: > 0 } seed) return false;
        var period = now / Micros.PerSecond / PeriodSeconds;
        var given = Encoding.UTF8.GetBytes(passcode);
        return CryptographicOperations.FixedTimeEquals(given, Code(seed, period)) | CryptographicOperations.FixedTimeEquals(given, Code(seed, period - 1));
    }

    private static byte[] Code(byte[] seed, long period)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, period);
#pragma warning disable CA5350 // The one-time passwords of RFC 6238 are SHA-1 where nothing else was agreed, as in every authenticator.
        var hash = HMACSHA1.HashData(seed, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 0x0f)) & 0x7fffffff;
        return Encoding.UTF8.GetBytes((number % Digits).ToString("D6", System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <returns>Null when the text is no base32.</returns>
    private static byte[]? Decoded(string base32)
    {
        var bytes = new List<byte>();
        var (buffer, bits) = (0, 0);
        foreach (var letter in base32.Trim().TrimEnd('=').ToUpperInvariant())
        {
            var value = Alphabet.IndexOf(letter, StringComparison.Ordinal);
            if (value < 0) return null;
            (buffer, bits) = ((buffer << 5 | value) & 0xfff, bits + 5);
            if (bits < 8) continue;
            bits -= 8;
            bytes.Add((byte)(buffer >> bits));
        }

        return [.. bytes];
    }
}
