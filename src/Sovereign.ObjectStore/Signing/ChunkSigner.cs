using System.Security.Cryptography;

namespace Sovereign.ObjectStore.Signing;

/// <summary>The chain of signatures over the chunks of one body: each goes on from the one before ("Signature calculations: transferring payload in chunks").</summary>
/// <param name="seed">The signature of the request's head.</param>
internal sealed class ChunkSigner(byte[] key, string time, CredentialScope scope, string seed)
{
    private static readonly string nothing = Convert.ToHexStringLower(SHA256.HashData([]));
    private string last = seed;

    /// <summary>Is this the signature of the next chunk, whose bytes have this SHA-256?</summary>
    public bool IsNext(string signature, byte[] sha256)
    {
        var expected = SignatureV4.Sign(
            key, $"AWS4-HMAC-SHA256-PAYLOAD\n{time}\n{scope}\n{last}\n{nothing}\n{Convert.ToHexStringLower(sha256)}");
        last = expected;
        return SignatureV4.Same(expected, signature);
    }

    /// <summary>Is this the signature of the trailers (their canonical lines)?</summary>
    public bool IsTrailer(string signature, string lines) => SignatureV4.Same(
        SignatureV4.Sign(key,
            $"AWS4-HMAC-SHA256-TRAILER\n{time}\n{scope}\n{last}\n{Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(lines)))}"),
        signature);
}
