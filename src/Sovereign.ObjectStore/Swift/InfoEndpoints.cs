using System.Text;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Buckets;

namespace Sovereign.ObjectStore.Swift;

/// <summary>What this store can do ("Discoverability"), and whether it is there.</summary>
internal static class InfoEndpoints
{
    private static readonly byte[] info = Encoding.UTF8.GetBytes(
        $$$"""
        {"swift": {"version": "2.35.0", "max_file_size": {{{S3.S3Call.BytesMax}}}, "max_object_name_length": 1024,
            "max_container_name_length": {{{BucketService.ContainerNameBytesMax}}},
          "max_account_name_length": 256, "container_listing_limit": 10000, "account_listing_limit": 10000, "max_meta_count": {{{MetaLimits.CountMax}}},
          "max_meta_name_length": {{{MetaLimits.NameBytesMax}}}, "max_meta_value_length": {{{MetaLimits.ValueBytesMax}}},
              "max_meta_overall_size": {{{MetaLimits.AllBytesMax}}},
          "allow_account_management": false, "account_autocreate": true, "valid_api_versions": ["v1", "v1.0"], "policies": [{"name": "{{{ContainerEndpoints.Policy}}}",
              "default": true}]},
         "slo": {"max_manifest_segments": {{{LargeObjects.SegmentsMax}}}, "max_manifest_size": 8388608, "min_segment_size": 1}, "dlo": {"max_segments": 10000},
         "tempurl": {"methods": ["GET", "HEAD", "PUT", "POST", "DELETE"], "allowed_digests": ["sha1", "sha256", "sha512"]},
             "bulk_delete": {"max_deletes_per_request": 10000,
          "max_failed_deletes": 10000}, "bulk_upload": {"max_containers_per_extraction": 10000, "max_failed_extractions": 10000},
         "versioned_writes": {"allowed_flags": ["x-versions-location", "x-history-location"]}, "object_versioning": {}, "container_quotas": {}, "account_quotas": {},
         "s3api": {}}
        """);

    public static void Map(Routes api, Routes root)
    {
        api.Get("/info", "object-store:info", Show);
        root.Get("", "object-store:info", Show);
        api.Get("/healthcheck", "object-store:info", _ => Task.FromResult(Answer.Bytes(200, "OK"u8.ToArray(), "text/plain")));
    }

    private static Task<Answer> Show(Call call) => Task.FromResult(Answer.Bytes(200, info, "application/json; charset=UTF-8"));
}
