using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Uploads;

/// <summary>What ends an upload without an object.</summary>
internal static class UploadBooks
{
    /// <summary>The upload goes, with its parts and what they count for.</summary>
    public static Outcome<Done> Drop(KernelServices kernel, Tx tx, UploadRow upload, Bucket bucket)
    {
        if (!ObjectRows.DeleteUpload(tx, upload.Id)) return S3Faults.NoSuchUpload;
        foreach (var part in ObjectRows.Parts(tx, upload.Id)) kernel.Quotas.Give(tx, ObjectQuotas.Service, ObjectQuotas.Bytes, bucket.ProjectId, part.Size);
        ObjectBooks.DiscardParts(tx, upload.Id);
        return Done.Value;
    }
}
