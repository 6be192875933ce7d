using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Compute.Keypairs;

/// <summary>A public key of a user. The private half is never kept.</summary>
internal sealed record KeypairRow
{
    public string UserId { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>"ssh" or "x509".</summary>
    public string Type { get; init; } = "ssh";

    public string PublicKey { get; init; } = "";

    public string Fingerprint { get; init; } = "";

    public long CreatedAt { get; init; }

    /// <summary>Small number that old clients show as the key pair's id.</summary>
    public long Number { get; init; }

    public KeypairDocument Document() => new(UserId, Name, Type, PublicKey, Fingerprint);
}

internal sealed record KeypairDocument(string UserId, string Name, string Type, string PublicKey, string Fingerprint);

/// <summary>A new key pair; the private key is shown once.</summary>
internal sealed record MadeKey(string PublicKey, string Fingerprint, string PrivateKey);

/// <summary>The rules of keys that need no I/O.</summary>
internal static partial class Keys
{
    public const int PublicKeyLengthMax = 16 * 1024;
    private const int GeneratedBits = 2048;
    private static readonly TimeSpan certificateLife = TimeSpan.FromDays(3650);

    /// <summary>Types of OpenSSH public keys that a guest's server understands.</summary>
    private static readonly HashSet<string> sshTypes = new(StringComparer.Ordinal)
    {
        "ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    };

    public static bool NameIsValid(string name, bool addressesToo) =>
        name.Length is > 0 and <= 255 && name.Trim() == name && (addressesToo ? NameFormWithAddresses() : NameForm()).IsMatch(name);

    /// <summary>The fingerprint of an imported key as the API shows it: MD5 for SSH, SHA-1 for certificates, hex pairs with colons.</summary>
    public static Outcome<string> Fingerprint(string type, string publicKey)
    {
        var print = type == "x509" ? CertificatePrint(publicKey) : SshPrint(publicKey);
        return print is null ? new Fault.Invalid("public_key", "Keypair data is invalid: failed to generate fingerprint") : print;
    }

    public static MadeKey MakeSsh()
    {
        using var rsa = RSA.Create(GeneratedBits);
        var parameters = rsa.ExportParameters(false);
        var blob = new List<byte>();
        Append(blob, "ssh-rsa"u8);
        AppendNumber(blob, parameters.Exponent!);
        AppendNumber(blob, parameters.Modulus!);
        var text = $"ssh-rsa {Convert.ToBase64String(blob.ToArray())} Generated-by-Sovereign";
        return new MadeKey(text, SshPrint(text)!, rsa.ExportRSAPrivateKeyPem() + "\n");
    }

    public static MadeKey MakeCertificate(string userId, DateTimeOffset now)
    {
        using var rsa = RSA.Create(GeneratedBits);
        var request = new CertificateRequest("CN=" + userId, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var certificate = request.CreateSelfSigned(now, now + certificateLife);
        var text = certificate.ExportCertificatePem() + "\n";
        return new MadeKey(text, CertificatePrint(text)!, rsa.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static string? SshPrint(string publicKey)
    {
        var words = publicKey.Trim().Split((char[])[' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2 || !sshTypes.Contains(words[0]) || publicKey.AsSpan().Trim().IndexOfAny('\n', '\r') >= 0) return null;
        var buffer = new byte[words[1].Length];
        if (!Convert.TryFromBase64String(words[1], buffer, out var length)) return null;
        var blob = buffer.AsSpan(0, length);
        // The blob begins with its own type, which must be the one that the line says.
        if (blob.Length < 4 || BinaryPrimitives.ReadInt32BigEndian(blob) is var size && (size != words[0].Length || blob.Length <= 4 + size)) return null;
        if (!blob.Slice(4, words[0].Length).SequenceEqual(Encoding.ASCII.GetBytes(words[0]))) return null;
#pragma warning disable CA5351 // The API's fingerprint is MD5 by definition; nothing is protected by it.
        return Pairs(MD5.HashData(blob));
#pragma warning restore CA5351
    }

    private static string? CertificatePrint(string text)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(text);
            return Pairs(certificate.GetCertHash(HashAlgorithmName.SHA1));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string Pairs(byte[] hash) => string.Join(':', hash.Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));

    private static void Append(List<byte> blob, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        blob.AddRange(length);
        blob.AddRange(part);
    }

    /// <summary>A number is signed there: a leading one bit needs a zero byte before it.</summary>
    private static void AppendNumber(List<byte> blob, byte[] number) => Append(blob, (number[0] & 0x80) == 0 ? number : [0, .. number]);

    [GeneratedRegex(@"^[a-zA-Z0-9 _-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();

    [GeneratedRegex(@"^[a-zA-Z0-9 @._-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameFormWithAddresses();
}
