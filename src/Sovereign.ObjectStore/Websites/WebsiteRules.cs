using System.Xml.Linq;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Websites;

/// <summary>How a bucket answers as a website ("Hosting a static website using Amazon S3").</summary>
/// <param name="Index">What a path that ends in a slash stands for: "index.html".</param>
/// <param name="Error">The key that is sent where there is nothing; null: a page of our own.</param>
/// <param name="RedirectHost">Where all requests are sent; null: none is.</param>
internal sealed record WebsiteRules(string Index, string? Error, string? RedirectHost, string? RedirectProtocol, IReadOnlyList<RoutingRule> Rules)
{
    public static WebsiteRules Of(string document) => Parse(XElement.Parse(document)).Value;

    public static Fault? Fault(XElement xml) => Parse(xml).Fault;

    private static Outcome<WebsiteRules> Parse(XElement xml)
    {
        var all = xml.Named("RedirectAllRequestsTo").FirstOrDefault();
        var index = xml.Named("IndexDocument").FirstOrDefault()?.Value("Suffix");
        if (all is null == index is null) return S3Faults.InvalidArgument("A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty");
        if (index is not null && (index.Length == 0 || index.Contains('/', StringComparison.Ordinal)))
            return S3Faults.InvalidArgument("The IndexDocument Suffix is not well formed");
        if (all is not null && string.IsNullOrEmpty(all.Value("HostName"))) return S3Faults.MalformedXml;
        var rules = new List<RoutingRule>();
        foreach (var element in xml.Named("RoutingRules").SelectMany(list => list.Named("RoutingRule")))
        {
            var (condition, redirect) = (element.Named("Condition").FirstOrDefault(), element.Named("Redirect").FirstOrDefault());
            if (redirect is null) return S3Faults.MalformedXml;
            var error = condition?.Value("HttpErrorCodeReturnedEquals");
            if (error is not null && error is not ("403" or "404")) return S3Faults.InvalidRequest("The provided HTTP error code is not valid: 403 and 404 are.");
            var code = redirect.Value("HttpRedirectCode") ?? "301";
            if (code is not ("301" or "302" or "303" or "307" or "308")) return S3Faults.InvalidRequest($"The provided HTTP redirect code ({code}) is not valid.");
            rules.Add(new RoutingRule(
                condition?.Value("KeyPrefixEquals") ?? "", error is null ? null : int.Parse(error, System.Globalization.CultureInfo.InvariantCulture),
                    redirect.Value("HostName"),
                redirect.Value("Protocol"), redirect.Value("ReplaceKeyPrefixWith"), redirect.Value("ReplaceKeyWith"),
                int.Parse(code, System.Globalization.CultureInfo.InvariantCulture)));
        }

        return new WebsiteRules(index ?? "", xml.Named("ErrorDocument").FirstOrDefault()?.Value("Key"), all?.Value("HostName"), all?.Value("Protocol"), rules);
    }
}

/// <summary>A redirection of some keys.</summary>
/// <param name="Status">Only when the object's answer has this status; null: always.</param>
internal sealed record RoutingRule(string Prefix, int? Status, string? Host, string? Protocol, string? NewPrefix, string? NewKey, int Code)
{
    public bool Covers(string key, int? status) => Status == status && key.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Where the browser is sent.</summary>
    /// <param name="origin">Scheme and host of the request, for what the rule leaves out.</param>
    public string Target(string key, (string Scheme, string Host) origin)
    {
        var target = NewKey ?? (NewPrefix is null ? key : NewPrefix + key[Prefix.Length..]);
        return $"{Protocol ?? origin.Scheme}://{Host ?? origin.Host}/{Signing.SignatureV4.Encode(target, slashes: true)}";
    }
}
