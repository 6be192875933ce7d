using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Policies;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Settings;

namespace Sovereign.ObjectStore.Buckets;

/// <summary>Operations on buckets as such (Amazon S3 API Reference: ListBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation, …Versioning).</summary>
internal sealed class BucketOperations(KernelServices kernel, BucketService buckets)
{
    private const int ListedMax = 10_000;

    public IEnumerable<S3Operation> Table =>
    [
        new("GET", S3Level.Service, [], "", List),
        new("GET", S3Level.Bucket, ["location"], "s3:GetBucketLocation", Location),
        new("GET", S3Level.Bucket, ["versioning"], "s3:GetBucketVersioning", ShowVersioning),
        new("PUT", S3Level.Bucket, ["versioning"], "s3:PutBucketVersioning", SetVersioning),
    ];

    /// <summary>Those that a bucket without further parameters has; after all that are named by parameters.</summary>
    public IEnumerable<S3Operation> Plain =>
    [
        new("PUT", S3Level.Bucket, [], "", Create),
        new("HEAD", S3Level.Bucket, [], "s3:ListBucket", Head),
        new("DELETE", S3Level.Bucket, [], "s3:DeleteBucket", Delete),
    ];

    private Task<Outcome<S3Answer>> List(S3Call call)
    {
        if (call.Caller is not { ProjectId: { } project } caller || kernel.Policy[ObjectAccess.Read].Evaluate(caller) == Reach.None) return Refused();
        var all = kernel.Database.Read(session => BucketStore.List(session, project, "", "", ListedMax));
        return Done(S3Answer.Xml(200, S3Xml.Document("ListAllMyBucketsResult", xml =>
        {
            xml.Open("Owner", () =>
            {
                xml.Text("ID", project);
                xml.Text("DisplayName", caller.ProjectName);
            });
            xml.Open("Buckets", () =>
            {
                foreach (var bucket in all)
                {
                    xml.Open("Bucket", () =>
                    {
                        xml.Text("Name", bucket.Name);
                        xml.Text("CreationDate", S3Xml.Time(bucket.CreatedAt));
                    });
                }
            });
        })));
    }

    private async Task<Outcome<S3Answer>> Create(S3Call call)
    {
        if (call.Caller is not { ProjectId: { } project } caller || kernel.Policy[ObjectAccess.Write].Evaluate(caller) == Reach.None) return S3Faults.AccessDenied;
        var name = call.Request.Bucket;
        if (call.Request.Http.Request.ContentLength is > 0 && (await Constraint(call)).Fault is { } wrong) return wrong;
        var acl = Acl.OfHeaders(call);
        if (acl.Fault is { } list) return list;
        var locked = string.Equals(call.Header("x-amz-bucket-object-lock-enabled"), "true", StringComparison.OrdinalIgnoreCase);
        var made = await kernel.Queue.Write<Bucket>("bucket.create", call.Origin, tx => buckets.Create(tx, project, caller.UserId, name, locked).Map(bucket =>
        {
            if (acl.Value is { Length: > 0 } kept) BucketStore.Set(tx, bucket.Number, SettingNames.Acl, kept);
            return bucket;
        }), call.Stop);
        return made.Map(_ => S3Answer.Empty(200).With("Location", "/" + name));
    }

    /// <summary>The region that is asked for must be this one.</summary>
    private async Task<Outcome<Done>> Constraint(S3Call call)
    {
        var body = await call.Xml("CreateBucketConfiguration");
        if (body.Fault is { } wrong) return wrong;
        var region = body.Value.Value("LocationConstraint") ?? "";
        return region.Length == 0 || string.Equals(region, kernel.Settings.Region, StringComparison.OrdinalIgnoreCase)
            ? Kernel.Outcomes.Done.Value
            : new S3Fault(400, "InvalidLocationConstraint", $"The specified location-constraint is not valid; the region here is {kernel.Settings.Region}.");
    }

    private Task<Outcome<S3Answer>> Head(S3Call call) => Done(S3Answer.Empty(200).With("x-amz-bucket-region", kernel.Settings.Region));

    private async Task<Outcome<S3Answer>> Delete(S3Call call)
    {
        var gone = await kernel.Queue.Write<Done>("bucket.delete", call.Origin, tx => buckets.Delete(tx, call.Bucket.Number), call.Stop);
        return gone.Map(_ => S3Answer.Empty(204));
    }

    /// <summary>Clients take an empty constraint for the region that they call "us-east-1"; any other is told by name.</summary>
    private Task<Outcome<S3Answer>> Location(S3Call call) =>
        Done(S3Answer.Xml(200, S3Xml.Document("LocationConstraint", xml => xml.WriteString(kernel.Settings.Region == "us-east-1" ? "" : kernel.Settings.Region))));

    private static Task<Outcome<S3Answer>> ShowVersioning(S3Call call) => Done(S3Answer.Xml(200, S3Xml.Document("VersioningConfiguration", xml =>
    {
        if (call.Bucket.Versioning != VersioningState.Off) xml.Text("Status", call.Bucket.Versioning);
    })));

    private async Task<Outcome<S3Answer>> SetVersioning(S3Call call)
    {
        var body = await call.Xml("VersioningConfiguration");
        if (body.Fault is { } wrong) return wrong;
        if (body.Value.Value("MfaDelete") == "Enabled") return S3Faults.NotImplemented("MFA delete");
        var status = body.Value.Value("Status");
        if (status is not (VersioningState.Enabled or VersioningState.Suspended)) return S3Faults.MalformedXml;
        var set = await kernel.Queue.Write<Done>("bucket.update", call.Origin, tx => buckets.SetVersioning(tx, call.Bucket.Number, status), call.Stop);
        return set.Map(_ => S3Answer.Empty(200));
    }

    private static Task<Outcome<S3Answer>> Done(S3Answer answer) => Task.FromResult<Outcome<S3Answer>>(answer);

    private static Task<Outcome<S3Answer>> Refused() => Task.FromResult<Outcome<S3Answer>>(S3Faults.AccessDenied);
}
