using System.Globalization;
using System.Text;
using System.Xml;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Signing;

namespace Sovereign.ObjectStore.Objects;

/// <summary>Lists of a bucket (Amazon S3 API Reference: ListObjects, ListObjectsV2, ListObjectVersions).</summary>
internal sealed class ListOperations(KernelServices kernel)
{
    private const int ListedMax = 1000;

    public IEnumerable<S3Operation> Table => [new("GET", S3Level.Bucket, ["versions"], "s3:ListBucketVersions", Versions)];

    public IEnumerable<S3Operation> Plain =>
    [
        new("GET", S3Level.Bucket, ["list-type=2"], "s3:ListBucket", Second),
        new("GET", S3Level.Bucket, [], "s3:ListBucket", First),
    ];

    private Task<Outcome<S3Answer>> First(S3Call call) => Task.FromResult(Page.Of(call, "max-keys").Map(page =>
    {
        var marker = call.Query("marker") ?? "";
        var listing = Current(call, page, marker);
        return S3Answer.Xml(200, S3Xml.Document("ListBucketResult", xml =>
        {
            Head(xml, call, page);
            xml.Text("Marker", page.Encoded(marker));
            if (listing.Last is { } last && page.Delimiter.Length > 0) xml.Text("NextMarker", page.Encoded(last));
            xml.Text("IsTruncated", listing.Last is not null);
            Contents(xml, call, page, listing, withOwner: true);
        }));
    }));

    private Task<Outcome<S3Answer>> Second(S3Call call) => Task.FromResult(Page.Of(call, "max-keys").Then<S3Answer>(page =>
    {
        var after = call.Query("start-after") ?? "";
        var token = call.Query("continuation-token");
        if (token is not null)
        {
            if (S3Call.Base64(token) is not { Length: > 0 } bytes) return S3Faults.InvalidArgument("The continuation token provided is incorrect");
            after = Encoding.UTF8.GetString(bytes);
        }

        var listing = Current(call, page, after);
        return S3Answer.Xml(200, S3Xml.Document("ListBucketResult", xml =>
        {
            Head(xml, call, page);
            xml.Text("KeyCount", listing.Items.Count + listing.Prefixes.Count);
            xml.Text("ContinuationToken", token);
            if (listing.Last is { } last) xml.Text("NextContinuationToken", Convert.ToBase64String(Encoding.UTF8.GetBytes(last)));
            if (call.Query("start-after") is { } start) xml.Text("StartAfter", page.Encoded(start));
            xml.Text("IsTruncated", listing.Last is not null);
            Contents(xml, call, page, listing, withOwner: call.Query("fetch-owner") == "true");
        }));
    }));

    private Task<Outcome<S3Answer>> Versions(S3Call call) => Task.FromResult(Page.Of(call, "max-keys").Then<S3Answer>(page =>
    {
        var (key, version) = (call.Query("key-marker") ?? "", call.Query("version-id-marker"));
        if (version is { Length: > 0 } && key.Length == 0) return S3Faults.InvalidArgument("A version-id marker cannot be specified without a key marker.");
        var listing = kernel.Database.Read(session =>
        {
            long? after = null;
            if (version is { Length: > 0 }) after = ObjectRows.Find(session, call.Bucket.Number, key, version)?.Version;
            return page.ItemsMax == 0 ? new Listing([], [], null)
                : ObjectListing.Versions(session, call.Bucket.Number, new ListingWish(page.Prefix, page.Delimiter, key, page.ItemsMax) { AfterVersion = after });
        });
        return S3Answer.Xml(200, S3Xml.Document("ListVersionsResult", xml =>
        {
            Head(xml, call, page);
            xml.Text("KeyMarker", page.Encoded(key));
            xml.Text("VersionIdMarker", version ?? "");
            if (listing.Last is { } last)
            {
                xml.Text("NextKeyMarker", page.Encoded(last));
                xml.Text("NextVersionIdMarker", listing.Items.FirstOrDefault(item => item.Name == last && item.Version == listing.LastVersion)?.VersionId);
            }

            xml.Text("IsTruncated", listing.Last is not null);
            foreach (var item in listing.Items) xml.Open(item.Marker ? "DeleteMarker" : "Version", () => Version(xml, call, page, item));
            Prefixes(xml, page, listing);
        }));
    }));

    private Listing Current(S3Call call, Page page, string after) => page.ItemsMax == 0
        ? new Listing([], [], null)
        : kernel.Database.Read(session => ObjectListing.Current(session, call.Bucket.Number, new ListingWish(page.Prefix, page.Delimiter, after, page.ItemsMax)));

    private static void Head(XmlWriter xml, S3Call call, Page page)
    {
        xml.Text("Name", call.Request.Bucket);
        xml.Text("Prefix", page.Encoded(page.Prefix));
        if (page.Delimiter.Length > 0) xml.Text("Delimiter", page.Encoded(page.Delimiter));
        xml.Text("MaxKeys", page.ItemsMax);
        if (page.UrlEncoded) xml.Text("EncodingType", "url");
    }

    private static void Contents(XmlWriter xml, S3Call call, Page page, Listing listing, bool withOwner)
    {
        foreach (var item in listing.Items)
        {
            xml.Open("Contents", () =>
            {
                Line(xml, page, item);
                if (withOwner) Owner(xml, call);
            });
        }

        Prefixes(xml, page, listing);
    }

    private static void Version(XmlWriter xml, S3Call call, Page page, ListedObject item)
    {
        xml.Text("VersionId", item.VersionId);
        xml.Text("IsLatest", item.Latest);
        if (item.Marker)
        {
            xml.Text("Key", page.Encoded(item.Name));
            xml.Text("LastModified", S3Xml.Time(item.ModifiedAt));
        }
        else
        {
            Line(xml, page, item);
        }

        Owner(xml, call);
    }

    private static void Line(XmlWriter xml, Page page, ListedObject item)
    {
        xml.Text("Key", page.Encoded(item.Name));
        xml.Text("LastModified", S3Xml.Time(item.ModifiedAt));
        xml.Text("ETag", $"\"{item.Etag}\"");
        if (item.SumKind != 0) xml.Text("ChecksumAlgorithm", ((ChecksumKind)item.SumKind).ToWire());
        xml.Text("Size", item.Size);
        xml.Text("StorageClass", item.Headers.Contains(KeptHeaders.StorageClass, StringComparison.Ordinal) ? KeptHeaders.Of(item.Headers)[KeptHeaders.StorageClass]
            : "STANDARD");
    }

    /// <summary>Everything in a bucket is the bucket's project's.</summary>
    private static void Owner(XmlWriter xml, S3Call call) => xml.Open("Owner", () =>
    {
        xml.Text("ID", call.Bucket.ProjectId);
        xml.Text("DisplayName", call.Bucket.ProjectId);
    });

    private static void Prefixes(XmlWriter xml, Page page, Listing listing)
    {
        foreach (var prefix in listing.Prefixes) xml.Open("CommonPrefixes", () => xml.Text("Prefix", page.Encoded(prefix)));
    }

    /// <summary>What every list is asked with.</summary>
    internal sealed record Page(string Prefix, string Delimiter, int ItemsMax, bool UrlEncoded)
    {
        public static Outcome<Page> Of(S3Call call, string count)
        {
            var encoding = call.Query("encoding-type");
            if (encoding is not (null or "url")) return S3Faults.InvalidArgument("Invalid Encoding Method specified in Request");
            var items = ListedMax;
            if (call.Query(count) is { Length: > 0 } text && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out items) || items < 0))
            {
                return S3Faults.InvalidArgument($"Argument {count} must be an integer between 0 and 2147483647");
            }

            return new Page(call.Query("prefix") ?? "", call.Query("delimiter") ?? "", Math.Min(items, ListedMax), encoding == "url");
        }

        public string Encoded(string text) => UrlEncoded ? SignatureV4.Encode(text, slashes: true) : text;
    }
}
