using System.Text;
using System.Xml.Linq;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Lifecycle;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.Policies;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Websites;

namespace Sovereign.ObjectStore.Settings;

/// <summary>The documents of a bucket: each is put, shown and taken away under its query parameter (Amazon S3 API Reference: Put-, Get- and DeleteBucketCors,
/// …Lifecycle, …Tagging,
/// …Website, …Encryption, …Policy, …Acl, PutObjectLockConfiguration, PutPublicAccessBlock).</summary>
internal sealed class SettingOperations(KernelServices kernel)
{
    private const int BucketTagsMax = 50;

    /// <summary>A document that is kept as it was sent.</summary>
    /// <param name="Action">Its name in policies, after "s3:Put" and "s3:Get".</param>
    /// <param name="Missing">What is said when it is not there.</param>
    private sealed record Setting(string Name, string Root, string Action, S3Fault Missing, Func<XElement, Fault?> Check);

    private static readonly Setting[] settings =
    [
        new(SettingNames.Cors, "CORSConfiguration", "BucketCORS", Missing("NoSuchCORSConfiguration", "The CORS configuration does not exist"), CorsRules.Fault),
        new(SettingNames.Lifecycle, "LifecycleConfiguration", "LifecycleConfiguration", Missing("NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist"), LifecycleRules.Fault),
        new(SettingNames.Tagging, "Tagging", "BucketTagging", Missing("NoSuchTagSet", "The TagSet does not exist"), xml => Tags(xml, BucketTagsMax).Fault),
        new(SettingNames.Website, "WebsiteConfiguration", "BucketWebsite", Missing("NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration"), WebsiteRules.Fault),
        new(SettingNames.Encryption, "ServerSideEncryptionConfiguration", "EncryptionConfiguration",
            Missing("ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found"), EncryptionDefault.Fault),
        new(SettingNames.PublicAccessBlock, "PublicAccessBlockConfiguration", "BucketPublicAccessBlock",
            Missing("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"), PublicAccessBlock.Fault),
        new(SettingNames.ObjectLock, "ObjectLockConfiguration", "BucketObjectLockConfiguration",
            Missing("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"), LockDefault.Fault),
    ];

    public IEnumerable<S3Operation> Table =>
    [
        .. settings.SelectMany(Operations),
        new("PUT", S3Level.Bucket, [SettingNames.Policy], "s3:PutBucketPolicy", PutPolicy),
        new("GET", S3Level.Bucket, [SettingNames.Policy], "s3:GetBucketPolicy", ShowPolicy),
        new("DELETE", S3Level.Bucket, [SettingNames.Policy], "s3:DeleteBucketPolicy", call => Set(call, SettingNames.Policy, null, 204)),
        new("GET", S3Level.Bucket, ["policyStatus"], "s3:GetBucketPolicyStatus", PolicyStatus),
        new("PUT", S3Level.Bucket, [SettingNames.Acl], "s3:PutBucketAcl", PutAcl),
        new("GET", S3Level.Bucket, [SettingNames.Acl], "s3:GetBucketAcl", ShowAcl),
        .. ((string[])["logging", "notification", "replication", "requestPayment", "accelerate", "analytics", "inventory", "metrics", "ownershipControls",
            "intelligent-tiering"])
            .SelectMany(name => (S3Operation[])[Unknown("PUT", name), Unknown("GET", name), Unknown("DELETE", name)]),
    ];

    /// <summary>The tags of a document as pairs.</summary>
    public static Outcome<string?> Tags(XElement xml, int tagsMax)
    {
        var set = xml.Named("TagSet").ToList();
        if (set.Count != 1) return S3Faults.MalformedXml;
        var pairs = set[0].Named("Tag").Select(tag => new KeyValuePair<string, string>(tag.Value("Key") ?? "", tag.Value("Value") ?? "")).ToList();
        return ObjectHeaders.Tags(pairs, tagsMax);
    }

    private static S3Fault Missing(string code, string message) => new(404, code, message);

    /// <summary>What S3 knows and this store does not do: said, instead of listing the bucket or making one.</summary>
    private static S3Operation Unknown(string method, string name) =>
        new(method, S3Level.Bucket, [name], "s3:GetBucketLocation", _ => Task.FromResult<Outcome<S3Answer>>(S3Faults.NotImplemented($"The bucket's {name}")));

    private IEnumerable<S3Operation> Operations(Setting setting) =>
    [
        new("PUT", S3Level.Bucket, [setting.Name], "s3:Put" + setting.Action, call => Put(call, setting)),
        new("GET", S3Level.Bucket, [setting.Name], "s3:Get" + setting.Action, call => Task.FromResult(Show(call, setting))),
        new("DELETE", S3Level.Bucket, [setting.Name], "s3:Put" + setting.Action, call => Set(call, setting.Name, null, 204)),
    ];

    private async Task<Outcome<S3Answer>> Put(S3Call call, Setting setting)
    {
        var body = await call.Xml(setting.Root);
        if (body.Fault is { } malformed) return malformed;
        if (setting.Check(body.Value) is { } wrong) return wrong;
        if (setting.Name != SettingNames.ObjectLock) return await Set(call, setting.Name, Bare(body.Value), setting.Name == SettingNames.Tagging ? 204 : 200);
        if (!call.Bucket.Versioned) return new S3Fault(409, "InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply an Object Lock configuration");
        var set = await kernel.Queue.Write<Done>(
            "bucket.update",
            call.Origin,
            tx =>
            {
                BucketStore.SetLock(tx, call.Bucket.Number);
                return BucketService.Set(tx, call.Bucket.Number, setting.Name, Bare(body.Value));
            },
            call.Stop);
        return set.Map(_ => S3Answer.Empty(200));
    }

    private Outcome<S3Answer> Show(S3Call call, Setting setting)
    {
        var document = kernel.Database.Read(session => BucketStore.Setting(session, call.Bucket.Number, setting.Name));
        if (document is null && setting.Name == SettingNames.ObjectLock && call.Bucket.LockEnabled) document = LockDefault.Enabled;
        if (document is null) return setting.Missing;
        return S3Answer.Xml(200, S3Xml.Document(setting.Root, xml =>
        {
            foreach (var element in XElement.Parse(document).Elements()) Named(element).WriteTo(xml);
        }));
    }

    private async Task<Outcome<S3Answer>> Set(S3Call call, string name, string? document, int status)
    {
        var set = await kernel.Queue.Write<Done>("bucket.update", call.Origin, tx => BucketService.Set(tx, call.Bucket.Number, name, document), call.Stop);
        return set.Map(_ => S3Answer.Empty(status));
    }

    private async Task<Outcome<S3Answer>> PutPolicy(S3Call call)
    {
        var body = await call.Document();
        if (body.Fault is { } wrong) return wrong;
        var text = Encoding.UTF8.GetString(body.Value);
        var policy = PolicyDocument.Parse(text, call.Bucket.Name);
        if (policy.Fault is { } malformed) return malformed;
        var block = kernel.Database.Read(session => PublicAccessBlock.Of(BucketStore.Setting(session, call.Bucket.Number, SettingNames.PublicAccessBlock)));
        if (block.BlocksPublicPolicy && policy.Value.IsPublic) return S3Faults.AccessDenied;
        return await Set(call, SettingNames.Policy, text, 204);
    }

    private Task<Outcome<S3Answer>> ShowPolicy(S3Call call)
    {
        var text = kernel.Database.Read(session => BucketStore.Setting(session, call.Bucket.Number, SettingNames.Policy));
        return Task.FromResult<Outcome<S3Answer>>(text is null
            ? Missing("NoSuchBucketPolicy", "The bucket policy does not exist") : S3Answer.Bytes(200, "application/json", Encoding.UTF8.GetBytes(text)));
    }

    private Task<Outcome<S3Answer>> PolicyStatus(S3Call call)
    {
        var policy = kernel.Database.Read(session => Gate.Policy(session, call.Bucket));
        return Task.FromResult<Outcome<S3Answer>>(policy is null
            ? Missing("NoSuchBucketPolicy", "The bucket policy does not exist")
            : S3Answer.Xml(200, S3Xml.Document("PolicyStatus", xml => xml.Text("IsPublic", policy.IsPublic))));
    }

    private async Task<Outcome<S3Answer>> PutAcl(S3Call call)
    {
        var wanted = await AclWish(call);
        if (wanted.Fault is { } wrong) return wrong;
        if (kernel.Database.Read(session => Gate.ClosesTo(session, call.Bucket, wanted.Value))) return S3Faults.AccessDenied;
        return await Set(call, SettingNames.Acl, wanted.Value.Length == 0 ? null : wanted.Value, 200);
    }

    /// <summary>The access list that a request wants: of its headers, or of its body.</summary>
    public static async Task<Outcome<string>> AclWish(S3Call call)
    {
        var headers = Acl.OfHeaders(call);
        if (headers.Fault is { } wrong) return wrong;
        if (headers.Value is { } said) return said;
        var body = await call.Xml("AccessControlPolicy");
        return body.Then(xml => Acl.OfXml(xml, call.Bucket.ProjectId));
    }

    private Task<Outcome<S3Answer>> ShowAcl(S3Call call)
    {
        var kept = kernel.Database.Read(session => BucketStore.Setting(session, call.Bucket.Number, SettingNames.Acl));
        return Task.FromResult<Outcome<S3Answer>>(S3Answer.Xml(200, S3Xml.Document("AccessControlPolicy", xml => Acl.Write(xml, call.Bucket.ProjectId, kept))));
    }

    /// <summary>Without namespaces, as it is kept.</summary>
    private static string Bare(XElement element) => With(element, XNamespace.None).ToString(SaveOptions.DisableFormatting);

    private static XElement Named(XElement element) => With(element, S3Xml.Namespace);

    private static XElement With(XElement element, XNamespace space) => new(
        space + element.Name.LocalName,
        element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration),
        element.HasElements ? element.Elements().Select(child => With(child, space)) : element.Value);
}
