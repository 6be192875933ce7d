using System.Xml.Linq;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Settings;

/// <summary>Names of the documents that a bucket may have; they are the query parameters of their operations.</summary>
internal static class SettingNames
{
    public const string Acl = "acl";
    public const string Policy = "policy";
    public const string Cors = "cors";
    public const string Lifecycle = "lifecycle";
    public const string Tagging = "tagging";
    public const string Website = "website";
    public const string Encryption = "encryption";
    public const string ObjectLock = "object-lock";
    public const string PublicAccessBlock = "publicAccessBlock";
}

/// <summary>Whether a bucket may be opened to everybody ("Blocking public access to your Amazon S3 storage").</summary>
internal sealed record PublicAccessBlock(bool BlocksPublicAcls, bool IgnoresPublicAcls, bool BlocksPublicPolicy, bool RestrictsPublicBuckets)
{
    private static readonly PublicAccessBlock none = new(false, false, false, false);

    public static PublicAccessBlock Of(string? document)
    {
        if (document is null) return none;
        var xml = XElement.Parse(document);
        return new PublicAccessBlock(Is("BlockPublicAcls"), Is("IgnorePublicAcls"), Is("BlockPublicPolicy"), Is("RestrictPublicBuckets"));

        bool Is(string name) => xml.Value(name) == "true";
    }

    public static Fault? Fault(XElement xml) => xml.Elements().All(element => element.Value is "true" or "false"
        && element.Name.LocalName is "BlockPublicAcls" or "IgnorePublicAcls" or "BlockPublicPolicy" or "RestrictPublicBuckets") ? null : S3Faults.MalformedXml;
}

/// <summary>How objects are encrypted that don't say it themselves.</summary>
internal static class EncryptionDefault
{
    public const string Algorithm = "AES256";

    public static bool IsOn(string? document) => document is not null;

    public static Fault? Fault(XElement xml)
    {
        var rules = xml.Named("Rule").ToList();
        if (rules.Count != 1 || rules[0].Named("ApplyServerSideEncryptionByDefault").FirstOrDefault() is not { } rule) return S3Faults.MalformedXml;
        return rule.Value("SSEAlgorithm") switch
        {
            Algorithm => null,
            "aws:kms" or "aws:kms:dsse" => S3Faults.NotImplemented("Encryption with keys of a KMS"),
            _ => S3Faults.MalformedXml,
        };
    }
}
