using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;

namespace Sovereign.Kernel.Access;

/// <summary>What a token is scoped to.</summary>
public enum ScopeKind
{
    None = 0,
    Project = 1,
    Domain = 2,
    System = 3,
}

/// <summary>What a token carries: ids only, so that its size does not depend on roles, groups or catalog.</summary>
/// <param name="IssuedAt">Microseconds UTC.</param>
/// <param name="ExpiresAt">Microseconds UTC.</param>
/// <param name="AuditId">16 bytes, shown as base64url in audit_ids.</param>
/// <param name="ParentAuditId">Audit id of the first token of the chain; null for the first.</param>
/// <param name="TrustId">The trust whose roles the token has; null for most.</param>
/// <param name="AccessTokenId">The access token of OAuth 1 whose roles the token has; null for most.</param>
public sealed record TokenPayload(
    string UserId, ScopeKind Scope, string? ScopeId, AuthMethods Methods, long IssuedAt, long ExpiresAt, byte[] AuditId, byte[]? ParentAuditId,
    string? ApplicationCredentialId, string? TrustId = null, string? AccessTokenId = null);

/// <summary>How the user proved who it is; several for a token made from a token.</summary>
[Flags]
public enum AuthMethods
{
    None = 0,
    Password = 1,
    Token = 2,
    ApplicationCredential = 4,
    Totp = 8,
    Mapped = 16,
    Trust = 32,

    /// <summary>A signature made with an EC2 secret.</summary>
    Ec2Credential = 64,

    /// <summary>A signature made with the secrets of a consumer and of its access token.</summary>
    OAuth1 = 128,
}

/// <summary>Makes and reads tokens: AES-256-GCM over a compact payload, base64url, at most 255 bytes, validated without I/O.</summary>
public sealed class TokenCodec(MasterKey master, IRandomness randomness)
{
    public const int TokenBytesMax = 255;
    private const byte Form = 1;
    private const int AuditIdBytes = 16;
    private const int PayloadBytesMax = 160;
    private static readonly byte[] context = "token"u8.ToArray();
    private static readonly SearchValues<char> base64Url = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    private static readonly SearchValues<char> hexDigits = SearchValues.Create("0123456789abcdef");
    private volatile Prepared prepared = Prepare(master);

    private SealingKey Key
    {
        get
        {
            // Tokens of before a rotation end with it: who knows the old master key must not make any.
            var now = prepared;
            if (!ReferenceEquals(now.Epoch, master.Epoch)) prepared = now = Prepare(master);
            return now.Key;
        }
    }

    private static Prepared Prepare(MasterKey master)
    {
        var epoch = master.Epoch;
        return new Prepared(epoch, new SealingKey(master.Current("tokens")));
    }

    public string Seal(TokenPayload token)
    {
        Span<byte> plain = stackalloc byte[PayloadBytesMax];
        var writer = new PayloadWriter(plain);
        writer.Byte(Form);
        writer.Byte((byte)token.Scope);
        writer.Byte((byte)token.Methods);
        writer.Long(token.IssuedAt);
        writer.Long(token.ExpiresAt);
        writer.Id(token.UserId);
        writer.Id(token.ScopeId);
        writer.Id(token.ApplicationCredentialId);
        writer.Bytes(token.AuditId);
        writer.Byte(token.ParentAuditId is null ? (byte)0 : (byte)1);
        if (token.ParentAuditId is not null) writer.Bytes(token.ParentAuditId);
        if (token.TrustId is not null || token.AccessTokenId is not null) writer.Id(token.TrustId);
        if (token.AccessTokenId is not null) writer.Id(token.AccessTokenId);
        var text = Base64Url.EncodeToString(Key.Seal(plain[..writer.Length], context, randomness));
        return text.Length <= TokenBytesMax ? text : throw new InvalidOperationException($"A token of {text.Length} bytes.");
    }

    /// <returns>Null when this is no token of ours: forged, cut, or made under another master key. Expiry is the caller's to check.</returns>
    public TokenPayload? Open(string text)
    {
        // The decoder skips white space and padding: only the one text that Seal wrote is a token.
        if (text.Length is 0 or > TokenBytesMax || text.AsSpan().ContainsAnyExcept(base64Url)) return null;
        Span<byte> sealedBytes = stackalloc byte[TokenBytesMax];
        if (Base64Url.DecodeFromChars(text, sealedBytes, out _, out var length) != OperationStatus.Done) return null;
        var plain = Key.Open(sealedBytes[..length], context);
        if (plain is null || plain[0] != Form) return null;
        var reader = new PayloadReader(plain.AsSpan(1));
        var scope = (ScopeKind)reader.Byte();
        var methods = (AuthMethods)reader.Byte();
        var (issued, expires) = (reader.Long(), reader.Long());
        var (user, scopeId, credential) = (reader.Id(), reader.Id(), reader.Id());
        var audit = reader.Bytes(AuditIdBytes);
        var parent = reader.Byte() == 1 ? reader.Bytes(AuditIdBytes) : null;
        var trust = reader.IsAtEnd ? null : reader.Id();
        var access = reader.IsAtEnd ? null : reader.Id();
        return new TokenPayload(user!, scope, scopeId, methods, issued, expires, audit, parent, credential, trust, access);
    }

    private sealed record Prepared(object Epoch, SealingKey Key);

    /// <summary>Writes ids of 32 hex digits as 16 bytes, of 64 as 32 bytes, others as text.</summary>
    private ref struct PayloadWriter(Span<byte> buffer)
    {
        private readonly Span<byte> buffer = buffer;

        public int Length { get; private set; }

        public void Byte(byte value) => buffer[Length++] = value;

        public void Long(long value)
        {
            BinaryPrimitives.WriteInt64BigEndian(buffer[Length..], value);
            Length += 8;
        }

        public void Bytes(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(buffer[Length..]);
            Length += bytes.Length;
        }

        public void Id(string? id)
        {
            if (id is null)
            {
                Byte(0);
                return;
            }

            var isHex = id.Length is 32 or 64 && id.AsSpan().IndexOfAnyExcept(hexDigits) < 0;
            if (isHex)
            {
                Byte(id.Length == 32 ? (byte)254 : (byte)255);
                Bytes(Convert.FromHexString(id));
                return;
            }

            var text = Encoding.UTF8.GetBytes(id);
            if (text.Length is 0 or > 40) throw new InvalidOperationException("An id in a token has 1 to 40 bytes.");
            Byte((byte)text.Length);
            Bytes(text);
        }
    }

    private ref struct PayloadReader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> rest = rest;

        public readonly bool IsAtEnd => rest.IsEmpty;

        public byte Byte() => Bytes(1)[0];

        public long Long() => BinaryPrimitives.ReadInt64BigEndian(Bytes(8));

        public byte[] Bytes(int count)
        {
            var bytes = rest[..count].ToArray();
            rest = rest[count..];
            return bytes;
        }

        public string? Id() => Byte() switch
        {
            0 => null,
            254 => Convert.ToHexStringLower(Bytes(16)),
            255 => Convert.ToHexStringLower(Bytes(32)),
            var length => Encoding.UTF8.GetString(Bytes(length)),
        };
    }
}
