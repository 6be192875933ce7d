using Sovereign.Kernel.Outcomes;

namespace Sovereign.ObjectStore.S3;

/// <summary>A refusal with its code and status of the S3 API ("Error responses" of the Amazon S3 API Reference).</summary>
internal sealed record S3Fault(int Status, string Code, string Message) : Fault(Message);

/// <summary>Every refusal that S3 clients get, once.</summary>
internal static class S3Faults
{
    public static readonly S3Fault AccessDenied = new(403, "AccessDenied", "Access Denied");
    public static readonly S3Fault InvalidAccessKeyId = new(403, "InvalidAccessKeyId", "The AWS access key Id you provided does not exist in our records.");
    public static readonly S3Fault SignatureDoesNotMatch = new(
        403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.");

    public static readonly S3Fault RequestTimeTooSkewed = new(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.");
    public static readonly S3Fault RequestExpired = new(403, "AccessDenied", "Request has expired");
    public static readonly S3Fault RequestTimeout = new(
        400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period.");

    public static readonly S3Fault IncompleteBody = new(
        400, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header.");

    public static readonly S3Fault ContentHashMismatch = new(
        400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.");

    public static readonly S3Fault MissingContentLength = new(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
    public static readonly S3Fault InvalidDigest = new(400, "InvalidDigest", "The Content-MD5 you specified was invalid.");
    public static readonly S3Fault InvalidRange = new(416, "InvalidRange", "The requested range is not satisfiable");
    public static readonly S3Fault PreconditionFailed = new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    public static readonly S3Fault NotModified = new(304, "NotModified", "Not Modified");
    public static readonly S3Fault MethodNotAllowed = new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.");
    public static readonly S3Fault MalformedXml = new(
        400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema");

    public static readonly S3Fault InvalidUri = new(400, "InvalidURI", "Couldn't parse the specified URI.");
    public static readonly S3Fault InvalidBucketName = new(400, "InvalidBucketName", "The specified bucket is not valid.");
    public static readonly S3Fault KeyTooLong = new(400, "KeyTooLongError", "Your key is too long");
    public static readonly S3Fault MetadataTooLarge = new(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size");
    public static readonly S3Fault BucketAlreadyExists = new(
        409, "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Select a different name and try again.");

    public static readonly S3Fault BucketAlreadyOwnedByYou = new(
        409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.");

    public static readonly S3Fault BucketNotEmpty = new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
    public static readonly S3Fault NoSuchBucket = new(404, "NoSuchBucket", "The specified bucket does not exist");
    public static readonly S3Fault NoSuchKey = new(404, "NoSuchKey", "The specified key does not exist.");
    public static readonly S3Fault NoSuchVersion = new(404, "NoSuchVersion", "The specified version does not exist.");
    public static readonly S3Fault NoSuchUpload = new(
        404, "NoSuchUpload",
            "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.");

    public static readonly S3Fault InvalidPart = new(
        400, "InvalidPart", "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not match.");

    public static readonly S3Fault InvalidPartOrder = new(400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.");
    public static readonly S3Fault EntityTooSmall = new(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
    public static readonly S3Fault InternalError = new(500, "InternalError", "We encountered an internal error. Please try again.");

    public static S3Fault InvalidArgument(string message) => new(400, "InvalidArgument", message);

    public static S3Fault InvalidRequest(string message) => new(400, "InvalidRequest", message);

    public static S3Fault NotImplemented(string what) => new(501, "NotImplemented", $"{what} is not implemented.");

    public static S3Fault BadDigest(string header) => new(400, "BadDigest", $"The {header} you specified did not match what we received.");

    public static S3Fault TooLarge(long size, long max) => new(
        400, "EntityTooLarge", $"Your proposed upload exceeds the maximum allowed size: {size} bytes of {max}.");

    /// <summary>Malformed credentials of a request.</summary>
    public static S3Fault AuthorizationHeaderMalformed(string message) => new(400, "AuthorizationHeaderMalformed", message);

    public static S3Fault AuthorizationQueryParametersError(string message) => new(400, "AuthorizationQueryParametersError", message);

    /// <summary>Faults of the house in this API's words.</summary>
    public static S3Fault Of(Fault fault) => fault switch
    {
        S3Fault own => own,
        Fault.NotFound => NoSuchKey,
        Fault.Conflict => new S3Fault(409, "OperationAborted", fault.Message),
        Fault.Invalid => InvalidArgument(fault.Message),
        Fault.OverQuota => new S3Fault(403, "QuotaExceeded", fault.Message),
        Fault.PreconditionFailed => PreconditionFailed,
        Fault.TooLarge => new S3Fault(400, "EntityTooLarge", fault.Message),
        Fault.NotImplemented => new S3Fault(501, "NotImplemented", fault.Message),
        Fault.Unavailable => new S3Fault(503, "ServiceUnavailable", fault.Message),
        _ => AccessDenied with { Message = fault.Message },
    };
}
