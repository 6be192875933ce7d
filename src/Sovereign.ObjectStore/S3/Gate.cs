using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;

namespace Sovereign.ObjectStore.S3;

/// <summary>Who may do what with a bucket and its objects: the project by its roles, others by what the bucket's policy and access lists say.</summary>
internal sealed class Gate(KernelServices kernel)
{
    private static readonly string[] reads = ["s3:Get", "s3:List", "s3:Head"];

    /// <summary>Finds the bucket and asks whether the caller may do this there; what may not be done is refused before anything is looked at.</summary>
    public Outcome<Done> Enter(S3Call call, string action) => kernel.Database.Read(session =>
    {
        if (Find(session, call.Caller, call.Request.Bucket) is not { } bucket) return Missing(call);
        call.Bucket = bucket;
        return Allows(session, call, bucket, action, call.Key) ? Outcome.Of(Done.Value) : S3Faults.AccessDenied;
    });

    /// <summary>The bucket of this name as this caller sees it: its own project's first.</summary>
    public static Bucket? Find(Session session, Caller? caller, string name) =>
        (caller?.ProjectId is { } project ? BucketStore.OfProject(session, project, name) : null) ?? BucketStore.OfAll(session, name);

    public bool Allows(Session session, S3Call call, Bucket bucket, string action, string key)
    {
        _ = session;
        _ = key;
        return OwnProject(call.Caller, bucket, action);
    }

    public S3Answer Dressed(S3Call call, S3Answer answer) => answer;

    /// <summary>Anonymous callers are not told which buckets exist by the form of the refusal alone: S3 tells them too, so tools depend on it.</summary>
    private static Fault Missing(S3Call call) => BucketNames.IsValid(call.Request.Bucket) || call.Caller is not null ? S3Faults.NoSuchBucket : S3Faults.InvalidBucketName;

    private bool OwnProject(Caller? caller, Bucket bucket, string action)
    {
        if (caller is null || caller.ProjectId != bucket.ProjectId) return false;
        var isRead = Array.Exists(reads, prefix => action.StartsWith(prefix, StringComparison.Ordinal));
        return kernel.Policy[isRead ? ObjectAccess.Read : ObjectAccess.Write].Evaluate(caller) != Reach.None;
    }
}
