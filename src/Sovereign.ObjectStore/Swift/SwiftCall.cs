using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Swift;

/// <summary>A request of the Swift API with what its path names. Names come from the raw target: the web server's own path is cleaned of what may be part of
/// them.</summary>
/// <param name="ProjectId">Of the account in the path, "AUTH_" and the project's id.</param>
/// <param name="Container">"" for none.</param>
/// <param name="Object">"" for none.</param>
internal sealed record SwiftCall(Call Call, string ProjectId, string Container, string Object)
{
    public const string AccountPrefix = "AUTH_";
    private const int ObjectNameBytesMax = 1024;

    public Caller? Caller => Call.HasAccess ? Call.Access.Caller : null;

    public string OwnerId => Caller?.UserId ?? "anonymous";

    public Origin Origin => new(Call.RequestId, OwnerId, Caller?.ProjectId);

    /// <summary>Of the container, once it is found.</summary>
    public Bucket Bucket { get; init; } = new();

    /// <summary>Set where a temporary URL let the request in: the container whose objects it may read, "" for all of the account.</summary>
    public string? Lent { get; init; }

    public string? Header(string name) => Call.Header(name);

    public string? Query(string name) => Call.Query(name);

    public static Outcome<SwiftCall> Of(Call call)
    {
        var target = call.Http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
        var begin = target.IndexOf("/v1/", StringComparison.Ordinal);
        if (begin < 0 || S3Request.Decode(target[(begin + 4)..]) is not { } path) return SwiftFaults.PreconditionFailed("Invalid UTF8 or contains NULL");
        var parts = path.Split('/', 3);
        if (!parts[0].StartsWith(AccountPrefix, StringComparison.Ordinal)) return SwiftFaults.Forbidden;
        var (container, name) = (parts.Length > 1 ? parts[1] : "", parts.Length > 2 ? parts[2] : "");
        if (System.Text.Encoding.UTF8.GetByteCount(container) > BucketService.ContainerNameBytesMax)
        {
            return new Fault.Invalid("container", string.Create(CultureInfo.InvariantCulture,
                $"Container name length of {container.Length} longer than {BucketService.ContainerNameBytesMax}"));
        }

        if (System.Text.Encoding.UTF8.GetByteCount(name) > ObjectNameBytesMax) return new Fault.Invalid("object",
            $"Object name length of {name.Length} longer than {ObjectNameBytesMax}");
        return new SwiftCall(call, parts[0][AccountPrefix.Length..], container, name);
    }
}

/// <summary>Refusals in Swift's words.</summary>
internal static class SwiftFaults
{
    public static readonly Fault Unauthorized = new Fault.Invalid("",
        "This server could not verify that you are authorized to access the document you requested.")
    { Type = "401" };
    public static readonly Fault Forbidden = new Fault.Forbidden("Access was denied to this resource.");
    public static readonly Fault Missing = new Fault.NotFound("Resource", "") { Type = "404" };
    public static readonly Fault NotEmpty = new Fault.Conflict("There was a conflict when trying to complete your request.");
    public static readonly Fault BadEtag = new Fault.Invalid("", "Unable to process the contained instructions") { Type = "422" };
    public static readonly Fault LengthRequired = new Fault.Invalid("", "Content-Length header required.") { Type = "411" };
    public static readonly Fault NotModified = new Fault.Invalid("", "") { Type = "304" };
    public static readonly Fault RangeNotSatisfiable = new Fault.Invalid("", "The Range requested is not available.") { Type = "416" };

    public static Fault PreconditionFailed(string message) => new Fault.PreconditionFailed(message);

    /// <summary>Refusals of the objects' books, which speak S3.</summary>
    public static Fault Of(Fault fault) => fault is not S3Fault own ? fault : own.Status switch
    {
        403 => own.Code == "QuotaExceeded" ? new Fault.TooLarge("Upload exceeds quota.") : Forbidden,
        404 => Missing,
        408 => own with { Status = 408 },
        409 => NotEmpty,
        412 => new Fault.PreconditionFailed(own.Message),
        416 => RangeNotSatisfiable,
        304 => NotModified,
        503 => new Fault.Unavailable(own.Message),
        _ when own == S3Faults.BadDigest("Content-MD5") => BadEtag,
        _ when own.Code == "EntityTooLarge" => new Fault.TooLarge(own.Message),
        _ => new Fault.Invalid("", own.Message),
    };
}
