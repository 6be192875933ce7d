using System.Net;
using System.Text;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Settings;

namespace Sovereign.ObjectStore.Websites;

/// <summary>Answers requests to a bucket's website host: anonymous reads of what everybody may read, with an index, an error page and redirections.</summary>
internal sealed class WebsiteAnswers(KernelServices kernel, Gate gate, ObjectOperations objects)
{
    public async Task<S3Answer> Answer(S3Call call)
    {
        var request = call.Request.Http.Request;
        if (request.Method is not ("GET" or "HEAD")) return Page(405, "MethodNotAllowed", "The specified method is not allowed against this resource.");
        var (bucket, document) = kernel.Database.Read(session =>
        {
            var found = BucketStore.OfAll(session, call.Request.Bucket);
            return (found, found is null ? null : BucketStore.Setting(session, found.Number, SettingNames.Website));
        });
        if (bucket is null) return Page(404, "NoSuchBucket", "The specified bucket does not exist");
        if (document is null) return Page(404, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration");
        call.Bucket = bucket;
        var rules = WebsiteRules.Of(document);
        var (key, origin) = (call.Request.Key, (request.Scheme, request.Host.Value ?? ""));
        if (rules.RedirectHost is { } host) return Redirect(301, $"{rules.RedirectProtocol ?? request.Scheme}://{host}/{Signing.SignatureV4.Encode(key, slashes: true)}");
        if (rules.Rules.FirstOrDefault(rule => rule.Covers(key, null)) is { } always) return Redirect(always.Code, always.Target(key, origin));
        var wanted = key.Length == 0 || key.EndsWith('/') ? key + rules.Index : key;
        var answer = await Read(call, wanted);
        if (answer.Status is 403 or 404 && wanted == key && (await Read(call, $"{key}/{rules.Index}")).Status < 400) return Redirect(302,
            $"/{Signing.SignatureV4.Encode(key, slashes: true)}/");
        if (answer.Status is not (403 or 404)) return answer.Headers.Find(header => header.Key == KeptHeaders.Redirect).Value is { } elsewhere
            ? Redirect(301, elsewhere) : answer;
        if (rules.Rules.FirstOrDefault(rule => rule.Covers(key, answer.Status)) is { } failed) return Redirect(failed.Code, failed.Target(key, origin));
        return await ErrorPage(call, rules, answer.Status);
    }

    private async Task<S3Answer> ErrorPage(S3Call call, WebsiteRules rules, int status)
    {
        var page = rules.Error is { } key ? await Read(call, key) : null;
        if (page is { Status: 200 }) return page.As(status);
        return status == 403 ? Page(403, "AccessDenied", "Access Denied") : Page(404, "NoSuchKey", "The specified key does not exist.");
    }

    private async Task<S3Answer> Read(S3Call call, string key)
    {
        if (!kernel.Database.Read(session => gate.Allows(session, call, call.Bucket, "s3:GetObject", key))) return S3Answer.Empty(403);
        var outcome = await objects.Read(call, key);
        return outcome.Fault is { } fault ? S3Answer.Empty(S3Faults.Of(fault).Status) : outcome.Value;
    }

    private static S3Answer Redirect(int status, string target) => S3Answer.Empty(status).With("Location", target);

    private static S3Answer Page(int status, string code, string message) => S3Answer.Bytes(status, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(
        $"<html><head><title>{status} {WebUtility.HtmlEncode(code)}</title></head>"
        + $"<body><h1>{status} {WebUtility.HtmlEncode(code)}</h1><p>{WebUtility.HtmlEncode(message)}</p></body></html>"));
}
