using System.Globalization;
using System.Text;
using System.Text.Json;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Signing;

namespace Sovereign.ObjectStore.Forms;

/// <summary>The signed policy of a form ("POST policy"): when it ends, what each field must be, and how large the file may be.</summary>
internal static class FormPolicy
{
    /// <summary>Fields that no policy needs to speak of.</summary>
    private static readonly string[] free = ["x-amz-signature", "policy", "file", "awsaccesskeyid", "signature", "${filename}", "x-amz-algorithm", "x-amz-credential",
        "x-amz-date", "x-amz-security-token"];

    /// <summary>Who signed the policy; anonymous when there is none.</summary>
    public static Outcome<Signed> Signer(Dictionary<string, string> fields, ICallers callers)
    {
        if (!fields.TryGetValue("policy", out var policy)) return Signed.Anonymous;
        if (fields.TryGetValue("x-amz-credential", out var credential))
        {
            var parts = credential.Split('/');
            if (parts.Length < 5 || fields.GetValueOrDefault("x-amz-algorithm") != SignatureV4.Algorithm)
                return S3Faults.InvalidArgument("X-Amz-Algorithm or X-Amz-Credential is mal-formed.");
            var found = callers.FindKey(string.Join('/', parts[..^4]));
            if (found.Fault is not null) return S3Faults.InvalidAccessKeyId;
            var key = SignatureV4.Key(found.Value.Secret, new CredentialScope(parts[^4], parts[^3], parts[^2]));
            return SignatureV4.Same(SignatureV4.Sign(key, policy), fields.GetValueOrDefault("x-amz-signature") ?? "") ? new Signed(found.Value.Caller)
                : S3Faults.SignatureDoesNotMatch;
        }

        if (!fields.TryGetValue("AWSAccessKeyId", out var accessKey)) return S3Faults.InvalidArgument("Bucket POST must contain a field that names the access key.");
        var old = callers.FindKey(accessKey);
        if (old.Fault is not null) return S3Faults.InvalidAccessKeyId;
#pragma warning disable CA5350 // SHA-1 is what this form of signature is defined with.
        var expected = Convert.ToBase64String(System.Security.Cryptography.HMACSHA1.HashData(Encoding.UTF8.GetBytes(old.Value.Secret), Encoding.UTF8.GetBytes(policy)));
#pragma warning restore CA5350
        return SignatureV4.Same(expected, fields.GetValueOrDefault("signature") ?? "") ? new Signed(old.Value.Caller) : S3Faults.SignatureDoesNotMatch;
    }

    /// <summary>Holds the fields against the policy.</summary>
    /// <returns>The least and the most bytes that the file may have.</returns>
    public static Outcome<(long Min, long Max)> Check(Dictionary<string, string> fields, string bucket, DateTimeOffset now)
    {
        if (!fields.TryGetValue("policy", out var text)) return (0L, S3Call.BytesMax);
        if (S3Call.Base64(text) is not { } bytes) return Malformed("not Base64");
        try
        {
            using var json = JsonDocument.Parse(bytes);
            if (!json.RootElement.TryGetProperty("expiration", out var end) || !DateTimeOffset.TryParse(end.GetString(), CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out var expires))
            {
                return Malformed("Policy missing expiration.");
            }

            if (expires < now) return Refused("Policy expired.");
            return json.RootElement.TryGetProperty("conditions", out var conditions) ? Conditions(fields, bucket, conditions) : Malformed("Policy missing conditions.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            return Malformed("not JSON");
        }
    }

    private static Outcome<(long Min, long Max)> Conditions(Dictionary<string, string> fields, string bucket, JsonElement conditions)
    {
        var (min, max) = (0L, S3Call.BytesMax);
        var spoken = new HashSet<string>(free, StringComparer.OrdinalIgnoreCase);
        foreach (var condition in conditions.EnumerateArray())
        {
            if (condition.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in condition.EnumerateObject())
                {
                    if (!Is("eq", member.Name, member.Value.ToString()))
                        return Refused($"Invalid according to Policy: Policy Condition failed: [\"eq\", \"${member.Name}\", \"{member.Value}\"]");
                }

                continue;
            }

            var parts = condition.EnumerateArray().ToArray();
            if (parts.Length != 3) return Malformed("A condition has three members.");
            var kind = parts[0].GetString()!;
            if (kind.Equals("content-length-range", StringComparison.OrdinalIgnoreCase))
            {
                (min, max) = (Bytes(parts[1]), Math.Min(max, Bytes(parts[2])));
                continue;
            }

            if (kind is not ("eq" or "starts-with")) return Malformed($"The condition {kind} is unknown.");
            if (!Is(kind, parts[1].GetString()!.TrimStart('$'), parts[2].ToString()))
                return Refused($"Invalid according to Policy: Policy Condition failed: {condition.GetRawText()}");
        }

        var silent = fields.Keys.FirstOrDefault(name => !spoken.Contains(name) && !name.StartsWith("x-ignore-", StringComparison.OrdinalIgnoreCase));
        return silent is null ? (min, max) : Refused($"Invalid according to Policy: Extra input fields: {silent}");

        static long Bytes(JsonElement number) => long.Parse(number.ToString(), CultureInfo.InvariantCulture);

        bool Is(string kind, string name, string value)
        {
            spoken.Add(name);
            var has = name.Equals("bucket", StringComparison.OrdinalIgnoreCase) ? bucket : fields.GetValueOrDefault(name) ?? "";
            return kind == "eq" ? has == value : has.StartsWith(value, StringComparison.Ordinal);
        }
    }

    private static S3Fault Refused(string message) => S3Faults.AccessDenied with { Message = message };

    private static S3Fault Malformed(string why) => new(400, "InvalidPolicyDocument",
        $"The content of the form does not meet the conditions specified in the policy document: {why}");
}
