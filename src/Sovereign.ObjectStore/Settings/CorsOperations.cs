using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Settings;

/// <summary>What browsers ask before they send a request of another origin's page (Fetch, "CORS protocol"), and what they want to read in the answer.</summary>
internal sealed class CorsOperations(KernelServices kernel)
{
    public IEnumerable<S3Operation> Plain => [new("OPTIONS", S3Level.Bucket, [], "", Preflight), new("OPTIONS", S3Level.Object, [], "", Preflight)];

    /// <summary>Adds what the bucket's rules say for the request's origin; nothing when there is none.</summary>
    public S3Answer Dressed(S3Call call, S3Answer answer)
    {
        if (call.Header("Origin") is not { } origin || call.Bucket.Number == 0 || call.Request.Method == "OPTIONS") return answer;
        var document = kernel.Database.Read(session => BucketStore.Setting(session, call.Bucket.Number, SettingNames.Cors));
        if (CorsRules.For(document, origin, call.Request.Method, []) is { } rule) CorsRules.Tell(answer, rule, origin);
        return answer;
    }

    private Task<Outcome<S3Answer>> Preflight(S3Call call)
    {
        var (origin, method) = (call.Header("Origin"), call.Header("Access-Control-Request-Method"));
        if (origin is null || method is null) return Task.FromResult<Outcome<S3Answer>>(new S3Fault(400, "BadRequest",
            "Insufficient information. Origin request header needed."));
        var names = (call.Header("Access-Control-Request-Headers") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var document = kernel.Database.Read(session => Gate.Find(session, null, call.Request.Bucket) is { } bucket
            ? BucketStore.Setting(session, bucket.Number, SettingNames.Cors) : null);
        if (CorsRules.For(document, origin, method, names) is not { } rule)
        {
            return Task.FromResult<Outcome<S3Answer>>(new S3Fault(403, "AccessForbidden", document is null
                ? "CORSResponse: CORS is not enabled for this bucket."
                : "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
                    + "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."));
        }

        var answer = S3Answer.Empty(200);
        CorsRules.Tell(answer, rule, origin);
        if (names.Length > 0) answer.With("Access-Control-Allow-Headers", string.Join(", ", names));
        return Task.FromResult<Outcome<S3Answer>>(answer);
    }
}
