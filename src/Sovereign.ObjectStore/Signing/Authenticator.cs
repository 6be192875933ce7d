using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Signing;

/// <summary>How the body of a signed request is protected.</summary>
internal enum PayloadForm
{
    /// <summary>Its SHA-256 is signed, or nothing is said of it.</summary>
    Whole,

    /// <summary>Chunks, each signed.</summary>
    SignedChunks,

    /// <summary>Chunks without signatures, for the trailer's sake.</summary>
    UnsignedChunks,
}

/// <summary>Whose request it is, and what its signature says of the body.</summary>
/// <param name="Caller">Null: nobody signed.</param>
/// <param name="Sha256">What the body's SHA-256 must be; null: not said.</param>
/// <param name="Chunks">What chunk signatures go on from; null: the body has none.</param>
internal sealed record Signed(Caller? Caller, PayloadForm Form = PayloadForm.Whole, byte[]? Sha256 = null, ChunkSigner? Chunks = null)
{
    public static readonly Signed Anonymous = new((Caller?)null);

    /// <summary>Trailers follow the chunks.</summary>
    public bool Trailers { get; init; }
}

/// <summary>Signature V4 in the header or the query of a request; also the older version 2, which some tools still make.</summary>
internal sealed class Authenticator(ICallers callers, TimeProvider clock)
{
    private const string UnsignedPayload = "UNSIGNED-PAYLOAD";
    private const string SignedChunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    private const string TrailerSuffix = "-TRAILER";
    private const string UnsignedChunksTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    private const int SecondsMax = 7 * 24 * 60 * 60;
    private static readonly TimeSpan skewMax = TimeSpan.FromMinutes(15);

    /// <summary>Whether a request says that it is signed in one of AWS's forms.</summary>
    public static bool IsSigned(Microsoft.AspNetCore.Http.HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith(SignatureV4.Algorithm, StringComparison.Ordinal) || header.StartsWith(SignatureV2.Scheme, StringComparison.Ordinal)) return true;
        return request.QueryString.HasValue && (request.Query.ContainsKey("X-Amz-Algorithm") || (request.Query.ContainsKey("AWSAccessKeyId")
            && request.Query.ContainsKey("Signature")));
    }

    public Outcome<Signed> Authenticate(S3Request request)
    {
        var header = request.Header("Authorization");
        if (header is not null && header.StartsWith(SignatureV4.Algorithm, StringComparison.Ordinal)) return ByHeader(request, header);
        if (request.Has("X-Amz-Algorithm")) return ByQuery(request);
        if (SignatureV2.Find(request, header) is { } old) return Old(request, old);
        return header is null ? Signed.Anonymous : S3Faults.InvalidArgument("Unsupported Authorization Type");
    }

    private Outcome<Signed> ByHeader(S3Request request, string header)
    {
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in header[SignatureV4.Algorithm.Length..].Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0) parts[part[..equals]] = part[(equals + 1)..];
        }

        if (!parts.TryGetValue("Credential", out var credential) || !parts.TryGetValue("SignedHeaders", out var names)
            || !parts.TryGetValue("Signature", out var signature))
        {
            return S3Faults.AuthorizationHeaderMalformed("The authorization header is malformed; it needs Credential, SignedHeaders and Signature.");
        }

        if (Scope(credential) is not var (accessKey, scope))
            return S3Faults.AuthorizationHeaderMalformed("The authorization header is malformed; the Credential is mal-formed.");
        var time = request.Header("x-amz-date") ?? request.Header("Date") ?? "";
        if (!TryTime(time, out var at)) return S3Faults.AccessDenied with { Message = "AWS authentication requires a valid Date or x-amz-date header" };
        if ((clock.GetUtcNow() - at).Duration() > skewMax) return S3Faults.RequestTimeTooSkewed;
        var stamp = at.ToString(SignatureV4.TimeForm, CultureInfo.InvariantCulture);
        if (!stamp.StartsWith(scope.Date, StringComparison.Ordinal))
            return S3Faults.AuthorizationHeaderMalformed("The authorization header is malformed; the date of its scope is not that of the request.");
        var payload = request.Header("x-amz-content-sha256") ?? "";
        if (payload.Length == 0) return S3Faults.InvalidRequest("Missing required header for this request: x-amz-content-sha256");
        var form = Form(payload);
        if (form.Fault is { } unknown) return unknown;
        return Check(request, accessKey, scope, stamp, names, payload, signature, without: null).Map(checkedKey =>
        {
            var (caller, key) = checkedKey;
            var sha256 = payload.Length == SHA256.HashSizeInBytes * 2 ? Convert.FromHexString(payload) : null;
            var chunks = form.Value == PayloadForm.SignedChunks ? new ChunkSigner(key, stamp, scope, signature) : null;
            return new Signed(caller, form.Value, sha256, chunks) { Trailers = payload.EndsWith(TrailerSuffix, StringComparison.Ordinal) };
        });
    }

    private Outcome<Signed> ByQuery(S3Request request)
    {
        if (request.Parameter("X-Amz-Algorithm") != SignatureV4.Algorithm) return Error($"X-Amz-Algorithm only supports \"{SignatureV4.Algorithm}\"");
        if (Scope(request.Parameter("X-Amz-Credential") ?? "") is not var (accessKey, scope)) return Error("The X-Amz-Credential is mal-formed.");
        if (!TryTime(request.Parameter("X-Amz-Date") ?? "", out var at)) return Error("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
        if (!int.TryParse(request.Parameter("X-Amz-Expires"), NumberStyles.None, CultureInfo.InvariantCulture,
            out var seconds)) return Error("X-Amz-Expires should be a number");
        if (seconds > SecondsMax) return Error("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds");
        var now = clock.GetUtcNow();
        if (at > now + skewMax) return S3Faults.RequestTimeTooSkewed;
        if (at.AddSeconds(seconds) < now) return S3Faults.RequestExpired;
        var stamp = at.ToString(SignatureV4.TimeForm, CultureInfo.InvariantCulture);
        if (!stamp.StartsWith(scope.Date, StringComparison.Ordinal)) return Error("The date of X-Amz-Credential is not that of X-Amz-Date.");
        var names = request.Parameter("X-Amz-SignedHeaders") ?? "";
        var payload = request.Header("x-amz-content-sha256") ?? UnsignedPayload;
        return Check(request, accessKey, scope, stamp, names, payload, request.Parameter("X-Amz-Signature") ?? "", without: "X-Amz-Signature").Map(found =>
        {
            var sha256 = payload.Length == SHA256.HashSizeInBytes * 2 && IsHex(payload) ? Convert.FromHexString(payload) : null;
            return new Signed(found.Caller, PayloadForm.Whole, sha256);
        });

        static S3Fault Error(string message) => S3Faults.AuthorizationQueryParametersError(message);
    }

    private Outcome<Signed> Old(S3Request request, SignatureV2 signature)
    {
        var found = callers.FindKey(signature.AccessKey);
        if (found.Fault is not null) return S3Faults.InvalidAccessKeyId;
        var now = clock.GetUtcNow();
        if (signature.ExpiresAt is { } expires ? expires < now : (now - signature.At).Duration() > skewMax)
        {
            return signature.ExpiresAt is null ? S3Faults.RequestTimeTooSkewed : S3Faults.RequestExpired;
        }

        return SignatureV4.Same(signature.Compute(request, found.Value.Secret), signature.Value) ? new Signed(found.Value.Caller) : S3Faults.SignatureDoesNotMatch;
    }

    private Outcome<(Caller Caller, byte[] Key)> Check(
        S3Request request, string accessKey, CredentialScope scope, string time, string names, string payload, string signature, string? without)
    {
        if (scope.Service is not ("s3" or "s3-object-lambda"))
            return S3Faults.AuthorizationHeaderMalformed($"The service \"{scope.Service}\" of the credential is wrong; expecting \"s3\".");
        var found = callers.FindKey(accessKey);
        if (found.Fault is not null) return S3Faults.InvalidAccessKeyId;
        var signedNames = names.Split(';');
        if (!signedNames.Contains("host") || Unsigned(request, signedNames) is not null)
        {
            var unsigned = Unsigned(request, signedNames) ?? "host";
            return S3Faults.AccessDenied with { Message = $"There were headers present in the request which were not signed: {unsigned}" };
        }

        var key = SignatureV4.Key(found.Value.Secret, scope);
        var expected = SignatureV4.Sign(key, SignatureV4.StringToSign(time, scope, Canonical(request, signedNames, names, payload, without)));
        return SignatureV4.Same(expected, signature) ? (found.Value.Caller, key) : S3Faults.SignatureDoesNotMatch;
    }

    /// <summary>A header that acts on the request and was not signed: somebody else may have put it there. Null: there is none.</summary>
    private static string? Unsigned(S3Request request, string[] names)
    {
        foreach (var (name, _) in request.Headers)
        {
            var lower = name.ToLowerInvariant();
            if (lower.StartsWith("x-amz-", StringComparison.Ordinal) && lower != "x-amz-content-sha256" && !names.Contains(lower)) return lower;
        }

        return null;
    }

    private static string Canonical(S3Request request, string[] signedNames, string names, string payload, string? without)
    {
        var text = new StringBuilder(512).Append(request.Method).Append('\n').Append(SignatureV4.Encode(request.Path, slashes: true)).Append('\n')
            .Append(SignatureV4.Query(request.Query, without)).Append('\n');
        foreach (var name in signedNames)
        {
            var values = request.Headers.TryGetValue(name, out var given) ? string.Join(',', given.Select(value => SignatureV4.HeaderValue(value ?? ""))) : "";
            text.Append(name).Append(':').Append(values).Append('\n');
        }

        return text.Append('\n').Append(names).Append('\n').Append(payload).ToString();
    }

    private static Outcome<PayloadForm> Form(string payload) => payload switch
    {
        UnsignedPayload => PayloadForm.Whole,
        SignedChunks or SignedChunks + TrailerSuffix => PayloadForm.SignedChunks,
        UnsignedChunksTrailer => PayloadForm.UnsignedChunks,
        { Length: SHA256.HashSizeInBytes * 2 } when IsHex(payload) => PayloadForm.Whole,
        _ => S3Faults.InvalidArgument("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value."),
    };

    private static bool IsHex(string text) => text.All(char.IsAsciiHexDigit);

    private static (string AccessKey, CredentialScope Scope)? Scope(string credential)
    {
        var parts = credential.Split('/');
        return parts.Length >= 5 && parts[^1] == SignatureV4.Terminator
            ? (string.Join('/', parts[..^4]), new CredentialScope(parts[^4], parts[^3], parts[^2])) : null;
    }

    private static bool TryTime(string text, out DateTimeOffset time)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, SignatureV4.TimeForm, CultureInfo.InvariantCulture, Utc, out time)
            || DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, Utc, out time);
    }
}
