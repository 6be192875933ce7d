using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Kernel.Wire;

/// <summary>How one family of APIs words faults: status, media type and body. All shapes live here, nowhere else.</summary>
public abstract class Dialect
{
    public const string PageType = "text/html; charset=UTF-8";

    public static readonly Dialect Keystone = new KeystoneDialect();
    public static readonly Dialect Nova = new NovaDialect();
    public static readonly Dialect Cinder = new CinderDialect();
    public static readonly Dialect Neutron = new NeutronDialect();
    public static readonly Dialect Glance = new GlanceDialect();
    public static readonly Dialect Placement = new PlacementDialect();
    public static readonly Dialect Swift = new SwiftDialect();
    public static readonly Dialect Barbican = new BarbicanDialect();
    public static readonly Dialect Octavia = new OctaviaDialect();

    public virtual string ContentType => "application/json";

    /// <summary>What the original says of a body that is not there, by the request's method; null: nothing.</summary>
    public virtual string? EmptyContentType(string method) => null;

    /// <summary>Whether the request id is said under its first name too, and not <see cref="RequestIds.Header"/> alone.</summary>
    internal virtual bool NamesIdTwice(Answer answer, string? contentType) => false;

    /// <summary>Status of an exceeded quota, which differs by service.</summary>
    protected virtual int OverQuotaStatus => 403;

    public virtual int Status(Fault fault) => fault switch
    {
        Fault.NotFound => 404,
        Fault.Conflict => 409,
        Fault.Invalid => 400,
        Fault.Unauthorized => 401,
        Fault.Forbidden => 403,
        Fault.OverQuota => OverQuotaStatus,
        Fault.NotAcceptable => 406,
        Fault.PreconditionFailed => 412,
        Fault.TooLarge => 413,
        Fault.UnsupportedMedia => 415,
        Fault.Gone => 410,
        Fault.NotImplemented => 501,
        Fault.Unavailable => 503,
        _ => throw new InvalidOperationException($"No status for {fault.GetType().Name}."),
    };

    public abstract byte[] Body(Fault fault, int status, string requestId);

    /// <summary>The body of an answer that no fault made: 405, 500.</summary>
    public byte[] Body(string message, int status, string requestId) => Body(new Plain(message), status, requestId);

    /// <summary>A fault as a page, of media type <see cref="PageType"/>.</summary>
    /// <param name="detail">What is said beside the explanation; empty: nothing.</param>
    public static byte[] Page(int status, string explanation, string detail = "")
    {
        var title = $"{status} {Title(status)}";
        var (text, more) = (System.Net.WebUtility.HtmlEncode(explanation), System.Net.WebUtility.HtmlEncode(detail));
        return Encoding.UTF8.GetBytes(
            $"<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n  {text}<br /><br />\n{more}\n\n\n </body>\n</html>");
    }

    protected static string Title(int status) => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);

    private sealed record Plain(string Message) : Fault(Message);

    private sealed class KeystoneDialect : Dialect
    {
        public override byte[] Body(Fault fault, int status, string requestId) => JsonSerializer.SerializeToUtf8Bytes(
            new KeystoneError(new(status, Message(fault), Title(status))), DialectJson.Wire.KeystoneError);

        private static string Message(Fault fault) => fault is Fault.NotFound missing ? $"Could not find {missing.Kind}: {missing.Id}." : fault.Message;
    }

    private class NovaDialect : Dialect
    {
        public override string EmptyContentType(string method) => ContentType;

        internal override bool NamesIdTwice(Answer answer, string? contentType) => true;

        public override byte[] Body(Fault fault, int status, string requestId) => JsonSerializer.SerializeToUtf8Bytes(
            new Dictionary<string, CodeMessage> { [Word(status)] = new(status, fault.Message) }, DialectJson.Wire.DictionaryStringCodeMessage);

        private static string Word(int status) => status switch
        {
            400 => "badRequest",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "itemNotFound",
            405 => "badMethod",
            409 => "conflictingRequest",
            413 or 429 => "overLimit",
            415 => "badMediaType",
            501 => "notImplemented",
            503 => "serviceUnavailable",
            _ => "computeFault",
        };
    }

    /// <summary>Nova's words with another status for an exceeded quota.</summary>
    private sealed class CinderDialect : NovaDialect
    {
        /// <summary>Deletions end in an empty page that did not pass the part which speaks JSON.</summary>
        public override string EmptyContentType(string method) => HttpMethods.IsDelete(method) ? PageType : ContentType;

        internal override bool NamesIdTwice(Answer answer, string? contentType) => answer.Status != 401 && contentType != PageType;

        protected override int OverQuotaStatus => 413;
    }

    private sealed class NeutronDialect : Dialect
    {
        protected override int OverQuotaStatus => 409;

        public override byte[] Body(Fault fault, int status, string requestId) => JsonSerializer.SerializeToUtf8Bytes(
            new NeutronErrorBody(new(fault.Type ?? Word(fault, status), fault.Message, "")), DialectJson.Wire.NeutronErrorBody);

        private static string Word(Fault fault, int status) => fault switch
        {
            Fault.NotFound missing => missing.Kind.Replace(" ", "", StringComparison.Ordinal) + "NotFound",
            Fault.Invalid => "HTTPBadRequest",
            Fault.OverQuota => "OverQuota",
            Fault.Conflict => "Conflict",
            Fault.Forbidden => "PolicyNotAuthorized",
            _ => "HTTP" + Title(status).Replace(" ", "", StringComparison.Ordinal),
        };
    }

    private sealed class GlanceDialect : Dialect
    {
        public override string ContentType => PageType;

        public override string EmptyContentType(string method) => ContentType;

        protected override int OverQuotaStatus => 413;

        public override byte[] Body(Fault fault, int status, string requestId) => Page(status, fault.Message);
    }

    /// <summary>Pages without reasons; some statuses are Swift's own, which a fault names by its type.</summary>
    private sealed class SwiftDialect : Dialect
    {
        public override string ContentType => PageType;

        public override string EmptyContentType(string method) => "text/html; charset=UTF-8";

        public override int Status(Fault fault) => fault.Type is { Length: 3 } own && int.TryParse(own, out var status) ? status : base.Status(fault);

        protected override int OverQuotaStatus => 413;

        public override byte[] Body(Fault fault, int status, string requestId) => status == 304
            ? [] : Encoding.UTF8.GetBytes($"<html><h1>{Title(status)}</h1><p>{System.Net.WebUtility.HtmlEncode(fault.Message)}</p></html>");
    }

    private sealed class OctaviaDialect : Dialect
    {
        public override byte[] Body(Fault fault, int status, string requestId) => JsonSerializer.SerializeToUtf8Bytes(
            new OctaviaError(status < 500 ? "Client" : "Server", Message(fault), null), DialectJson.Wire.OctaviaError);

        private static string Message(Fault fault) => fault switch
        {
            Fault.NotFound { Kind.Length: > 0 } missing => $"{missing.Kind} {missing.Id} not found.",
            Fault.Forbidden => "Policy does not allow this request to be performed.",
            Fault.OverQuota over => $"Quota has been met for resources: {over.Resource}",
            _ => fault.Message,
        };
    }

    private sealed class PlacementDialect : Dialect
    {
        public override byte[] Body(Fault fault, int status, string requestId) => JsonSerializer.SerializeToUtf8Bytes(
            new PlacementErrors([new(status, Title(status), fault.Message, fault.Type ?? "placement.undefined_code", requestId)]), DialectJson.Wire.PlacementErrors);
    }

    private sealed class BarbicanDialect : Dialect
    {
        public override byte[] Body(Fault fault, int status, string requestId) => JsonSerializer.SerializeToUtf8Bytes(
            new BarbicanError(status, Title(status), fault.Message), DialectJson.Wire.BarbicanError);
    }
}

internal sealed record BarbicanError(int Code, string Title, string Description);

internal sealed record KeystoneError(KeystoneErrorView Error);

internal sealed record KeystoneErrorView(int Code, string Message, string Title);

internal sealed record CodeMessage(int Code, string Message);

internal sealed record NeutronErrorBody([property: JsonPropertyName("NeutronError")] NeutronErrorView NeutronError);

internal sealed record NeutronErrorView(string Type, string Message, string Detail);

internal sealed record PlacementErrors(IReadOnlyList<PlacementErrorView> Errors);

internal sealed record PlacementErrorView(int Status, string Title, string Detail, string Code, string RequestId);

internal sealed record OctaviaError(string Faultcode, string Faultstring, string? Debuginfo);

[JsonSerializable(typeof(KeystoneError))]
[JsonSerializable(typeof(Dictionary<string, CodeMessage>))]
[JsonSerializable(typeof(NeutronErrorBody))]
[JsonSerializable(typeof(PlacementErrors))]
[JsonSerializable(typeof(BarbicanError))]
[JsonSerializable(typeof(OctaviaError))]
internal sealed partial class DialectJson : JsonSerializerContext
{
    public static readonly DialectJson Wire = new(WireJson.Options());
}
