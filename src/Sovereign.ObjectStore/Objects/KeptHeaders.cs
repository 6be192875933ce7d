using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sovereign.ObjectStore.Objects;

/// <summary>What is kept with an object and sent back with it: headers of its representation, and metadata of the user under "x-amz-meta-" (Swift shows the same
/// metadata under its own prefix).</summary>
internal static class KeptHeaders
{
    public const string MetaPrefix = "x-amz-meta-";
    public const string DefaultType = "binary/octet-stream";
    public const string ContentType = "content-type";
    public const string StorageClass = "x-amz-storage-class";
    public const string Redirect = "x-amz-website-redirect-location";

    /// <summary>Most bytes of the user's metadata, names and values together.</summary>
    public const int MetaBytesMax = 2 * 1024;

    /// <summary>Headers of the representation that S3 keeps, in lower case.</summary>
    public static readonly IReadOnlyList<string> Standard =
        [ContentType, "cache-control", "content-disposition", "content-encoding", "content-language", "expires", Redirect, StorageClass];

    public static Dictionary<string, string> Of(string json) => JsonSerializer.Deserialize(json, ObjectJson.Wire.DictionaryStringString)!;

    public static string ToJson(Dictionary<string, string> headers) => headers.Count == 0 ? "{}"
        : JsonSerializer.Serialize(headers, ObjectJson.Wire.DictionaryStringString);
}

/// <summary>What the object store keeps as JSON in its rows and in the journal.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(BucketDocument))]
internal sealed partial class ObjectJson : JsonSerializerContext
{
    public static readonly ObjectJson Wire = new(new JsonSerializerOptions
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower
    });
}

/// <summary>A bucket as the journal tells it; <paramref name="Changed"/> names the setting that was changed.</summary>
internal sealed record BucketDocument(string Name, string ProjectId, string OwnerId, string Versioning, bool LockEnabled, string? Changed);
