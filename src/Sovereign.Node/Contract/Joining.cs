using System.Text.Json.Serialization;

namespace Sovereign.Node.Contract;

/// <summary>A machine asks to become a node (POST /node/v1/join, over TLS whose authority the token's fingerprint names).</summary>
/// <param name="Token">The secret of an invitation: <see cref="JoinToken"/> without its fingerprint.</param>
/// <param name="Name">Host name that the node shall be known by.</param>
/// <param name="CertificateRequest">PKCS#10 in PEM; only its public key counts.</param>
public sealed record JoinRequest(string Token, string Name, string CertificateRequest);

/// <summary>The node's certificate as its door key, with the id that it was made for.</summary>
/// <param name="Certificate">PEM; for clients only, so that no node can pass for the control plane.</param>
public sealed record JoinAnswer(string Node, string Name, string Certificate);

/// <summary>A node asks for its next certificate before the present one ends (POST /node/v1/certificate).</summary>
public sealed record RenewRequest(string CertificateRequest);

/// <summary>An invitation as the operator carries it to the new machine: what to trust, and the right to join once.</summary>
/// <param name="Authority">SHA-256 of the cloud's CA certificate, 64 hex digits.</param>
/// <param name="Secret">Random, known to nobody else: the control plane keeps its digest only.</param>
public sealed record JoinToken(string Authority, string Secret)
{
    private const string Form = "sovereign1";
    private const int AuthorityDigits = 64;
    private const int SecretDigits = 64;

    public string Text => $"{Form}.{Authority}.{Secret}";

    /// <summary>Null when the text is no token.</summary>
    public static JoinToken? Parse(string text)
    {
        var parts = text.Trim().Split('.');
        return parts is [Form, { Length: AuthorityDigits } authority, { Length: SecretDigits } secret]
            && authority.All(char.IsAsciiHexDigitLower) && secret.All(char.IsAsciiHexDigitLower) ? new JoinToken(authority, secret) : null;
    }
}

/// <summary>JSON of joining.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(JoinAnswer))]
[JsonSerializable(typeof(RenewRequest))]
public sealed partial class JoinJson : JsonSerializerContext;
