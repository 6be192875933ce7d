using System.Globalization;
using System.Runtime.CompilerServices;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.Policies;
using Sovereign.ObjectStore.Settings;

namespace Sovereign.ObjectStore.S3;

/// <summary>Who may do what with a bucket and its objects: the project by its roles, others by what the bucket's policy and access lists say. What a policy denies, it
/// denies to everybody but to those who may change it.</summary>
internal sealed class Gate(KernelServices kernel)
{
    private static readonly string[] reads = ["s3:Get", "s3:List"];

    /// <summary>Parsed policies by their text, which the store's rows keep alive.</summary>
    private static readonly ConditionalWeakTable<string, PolicyDocument> parsed = [];

    /// <summary>Finds the bucket and asks whether the caller may do this there; what may not be done is refused before anything is looked at.</summary>
    public Outcome<Done> Enter(S3Call call, string action) => kernel.Database.Read<Outcome<Done>>(session =>
    {
        if (Locate(session, call).Fault is { } missing) return missing;
        if (!May(session, call, action, call.Key)) return S3Faults.AccessDenied;
        // What access list its headers give is looked at again, with its faults, by what makes the object.
        return Acl.OfHeaders(call) is { Ok: true, Value: { } list } && ClosesTo(session, call.Bucket, list) ? S3Faults.AccessDenied : Done.Value;
    });

    /// <summary>Finds the bucket alone: the operation asks for each key by itself.</summary>
    public Outcome<Done> Locate(Session session, S3Call call)
    {
        if (Find(session, call.Caller, call.Request.Bucket) is not { } bucket) return Missing(call);
        call.Bucket = bucket;
        return Done.Value;
    }

    /// <summary>May the caller do this with the key, and bypass governance where its request says that it does?</summary>
    public bool May(Session session, S3Call call, string action, string key) => Allows(session, call, call.Bucket, action, key)
        && (!ObjectLocks.Bypasses(call) || Allows(session, call, call.Bucket, "s3:BypassGovernanceRetention", key));

    /// <summary>Does the bucket take no access list that opens something to everybody, as this one does?</summary>
    public static bool ClosesTo(Session session, Bucket bucket, string list) =>
        Acl.IsPublic(list) && PublicAccessBlock.Of(BucketStore.Setting(session, bucket.Number, SettingNames.PublicAccessBlock)).BlocksPublicAcls;

    /// <summary>The bucket of this name as this caller sees it: its own project's first.</summary>
    public static Bucket? Find(Session session, Caller? caller, string name) =>
        (caller?.ProjectId is { } project ? BucketStore.OfProject(session, project, name) : null) ?? BucketStore.OfAll(session, name);

    public bool Allows(Session session, S3Call call, Bucket bucket, string action, string key)
    {
        var block = PublicAccessBlock.Of(BucketStore.Setting(session, bucket.Number, SettingNames.PublicAccessBlock));
        var verdict = Policy(session, bucket) is { } policy ? policy.Judge(Request(session, call, bucket, action, key)) : PolicyVerdict.Silent;
        var own = OwnProject(call.Caller, bucket, action);
        if (verdict == PolicyVerdict.Denied) return own && action is ("s3:GetBucketPolicy" or "s3:PutBucketPolicy" or "s3:DeleteBucketPolicy");
        if (own) return true;
        if (verdict == PolicyVerdict.Allowed && !(block.RestrictsPublicBuckets && Policy(session, bucket)!.IsPublic)) return true;
        return ByAcl(session, call, bucket, action, key, block.IgnoresPublicAcls);
    }

    /// <summary>The bucket's policy; null: it has none.</summary>
    public static PolicyDocument? Policy(Session session, Bucket bucket)
    {
        if (BucketStore.Setting(session, bucket.Number, SettingNames.Policy) is not { } text) return null;
        if (parsed.TryGetValue(text, out var known)) return known;
        var policy = PolicyDocument.Parse(text, bucket.Name);
        // A policy that was stored was parsed before; one that can't be any more must open nothing and close nothing by accident.
        if (policy.Fault is { } broken) throw new InvalidOperationException($"The policy of bucket {bucket.Number} can't be read: {broken.Message}");
        parsed.AddOrUpdate(text, policy.Value);
        return policy.Value;
    }

    private static bool ByAcl(Session session, S3Call call, Bucket bucket, string action, string key, bool ignorePublic)
    {
        var (ofObject, right) = action switch
        {
            "s3:ListBucket" or "s3:ListBucketVersions" or "s3:ListBucketMultipartUploads" or "s3:GetBucketLocation" => (false, "READ"),
            "s3:PutObject" or "s3:DeleteObject" or "s3:AbortMultipartUpload" or "s3:ListMultipartUploadParts" => (false, "WRITE"),
            "s3:GetBucketAcl" => (false, "READ_ACP"),
            "s3:PutBucketAcl" => (false, "WRITE_ACP"),
            "s3:GetObject" or "s3:GetObjectVersion" => (true, "READ"),
            "s3:GetObjectAcl" => (true, "READ_ACP"),
            "s3:PutObjectAcl" => (true, "WRITE_ACP"),
            _ => (false, ""),
        };
        if (right.Length == 0) return false;
        if (!ofObject) return Acl.Gives(BucketStore.Setting(session, bucket.Number, SettingNames.Acl), call.Caller, right, ignorePublic);
        var version = call.Key == key ? call.Query("versionId") : null;
        var row = version is null ? ObjectRows.Latest(session, bucket.Number, key) : ObjectRows.Find(session, bucket.Number, key, version);
        return row is not null && Acl.Gives(row.Acl, call.Caller, right, ignorePublic);
    }

    /// <summary>Anonymous callers are not told which buckets exist by the form of the refusal alone: S3 tells them too, so tools depend on it.</summary>
    private static Fault Missing(S3Call call) => BucketNames.IsValid(call.Request.Bucket) || call.Caller is not null ? S3Faults.NoSuchBucket : S3Faults.InvalidBucketName;

    private bool OwnProject(Caller? caller, Bucket bucket, string action)
    {
        if (caller is null || caller.ProjectId != bucket.ProjectId) return false;
        var isRead = Array.Exists(reads, prefix => action.StartsWith(prefix, StringComparison.Ordinal));
        return kernel.Policy[isRead ? ObjectAccess.Read : ObjectAccess.Write].Evaluate(caller) != Reach.None;
    }

    private PolicyRequest Request(Session session, S3Call call, Bucket bucket, string action, string key)
    {
        var principals = new List<string> { "*" };
        if (call.Caller is { ProjectId: { } project } caller)
        {
            principals.AddRange([project, $"arn:aws:iam::{project}:root", caller.UserId, $"arn:aws:iam::{project}:user/{caller.UserId}",
                $"arn:aws:iam::{project}:user/{caller.UserName}"]);
        }

        return new PolicyRequest(principals, action, "arn:aws:s3:::" + bucket.Name + (key.Length > 0 ? "/" + key : ""), name => Value(session, call, bucket, key, name));
    }

    /// <summary>The value of a condition key (names in lower case).</summary>
    private string? Value(Session session, S3Call call, Bucket bucket, string key, string name)
    {
        const string ExistingTag = "s3:existingobjecttag/";
        const string RequestTag = "s3:requestobjecttag/";
        if (name.StartsWith(ExistingTag, StringComparison.Ordinal)) return Tag(ObjectRows.Latest(session, bucket.Number, key)?.Tags, name[ExistingTag.Length..]);
        if (name.StartsWith(RequestTag, StringComparison.Ordinal)) return ObjectHeaders.Tags(call.Header("x-amz-tagging")) is { Ok: true } tags
            ? Tag(tags.Value, name[RequestTag.Length..]) : null;
        var request = call.Request.Http.Request;
        return name switch
        {
            "aws:sourceip" => call.Request.Http.Connection.RemoteIpAddress?.ToString(),
            "aws:securetransport" => request.IsHttps ? "true" : "false",
            "aws:useragent" => call.Header("User-Agent"),
            "aws:referer" => call.Header("Referer"),
            "aws:currenttime" => kernel.Clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
            "aws:epochtime" => kernel.Clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            "aws:username" => call.Caller?.UserName,
            "aws:userid" => call.Caller?.UserId,
            "aws:principalaccount" => call.Caller?.ProjectId,
            "s3:prefix" or "s3:delimiter" or "s3:max-keys" => call.Query(name[3..]),
            "s3:versionid" => call.Query("versionId"),
            _ when name.StartsWith("s3:x-amz-", StringComparison.Ordinal) => call.Header(name[3..]),
            _ => null,
        };

        static string? Tag(string? kept, string name) =>
            ObjectHeaders.TagPairs(kept).Where(pair => string.Equals(pair.Key, name, StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Value).FirstOrDefault();
    }
}
