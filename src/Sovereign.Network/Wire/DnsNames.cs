using Sovereign.Kernel.Outcomes;

namespace Sovereign.Network.Wire;

/// <summary>Names as the domain name system has them.</summary>
internal static class DnsNames
{
    /// <summary>Of networks that have no domain of their own.</summary>
    public const string DefaultDomain = "openstacklocal";

    private const int NameCharactersMax = 255;
    private const int LabelCharactersMax = 63;

    /// <summary>dns_domain: labels of letters, digits and hyphens; empty is no domain.</summary>
    public static Fault? Domain(string? domain) => Check("dns_domain", domain);

    public static Fault? Name(string? name) => Check("dns_name", name);

    private static Fault? Check(string attribute, string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        var name = text.EndsWith('.') ? text[..^1] : text;
        return text.Length <= NameCharactersMax && name.Split('.').All(IsLabel)
            ? null
            : NetworkFaults.Attribute(attribute, $"'{text}' not a valid PQDN or FQDN");
    }

    private static bool IsLabel(string label) => label.Length is > 0 and <= LabelCharactersMax && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
