using System.Diagnostics.CodeAnalysis;
using System.Xml;
using System.Xml.Linq;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Policies;

/// <summary>One grant of an access list.</summary>
/// <param name="Grantee">"all" (anybody), "authenticated" (any project of this cloud), or a project's id.</param>
/// <param name="Right">READ, WRITE, READ_ACP, WRITE_ACP or FULL_CONTROL.</param>
internal sealed record Grant(string Grantee, string Right);

/// <summary>Access lists of buckets and objects ("Access control list (ACL) overview"); kept as "grantee:right" lines. What is owned needs no grant.</summary>
internal static class Acl
{
    public const string Everybody = "all";
    public const string Authenticated = "authenticated";
    private const string Groups = "http://acs.amazonaws.com/groups/global/";
    private const string AllUsers = Groups + "AllUsers";
    private const string AuthenticatedUsers = Groups + "AuthenticatedUsers";
    private const string Instance = "http://www.w3.org/2001/XMLSchema-instance";
    private static readonly string[] rights = ["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"];

    public static List<Grant> Of(string? kept) => (kept ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':')).Select(parts =>
        new Grant(parts[0], parts[1])).ToList();

    public static string? Kept(IReadOnlyCollection<Grant> grants) => grants.Count == 0 ? null : string.Join('\n', grants.Select(grant =>
        $"{grant.Grantee}:{grant.Right}"));

    /// <summary>What the headers of a request give; null: they say nothing.</summary>
    public static Outcome<string?> OfHeaders(S3Call call)
    {
        var grants = new List<Grant>();
        var said = false;
        if (call.Header("x-amz-acl") is { } canned)
        {
            if (Canned(canned) is not { } known) return S3Faults.InvalidArgument($"{canned} is no canned access list.");
            grants.AddRange(known);
            said = true;
        }

        foreach (var right in rights)
        {
            if (call.Header("x-amz-grant-" + right.ToLowerInvariant().Replace('_', '-')) is not { } list) continue;
            said = true;
            foreach (var item in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var equals = item.IndexOf('=', StringComparison.Ordinal);
                var value = equals < 0 ? "" : item[(equals + 1)..].Trim('"');
                var grantee = equals < 0 ? null : item[..equals] switch { "id" => value, "uri" => OfGroup(value), _ => null };
                if (!IsName(grantee))
                    return S3Faults.InvalidArgument("Invalid grantee: id=\"PROJECT\" and uri=\"GROUP\" are known.");
                grants.Add(new Grant(grantee, right));
            }
        }

        return said ? Outcome.Of<string?>(Kept(grants) ?? "") : Outcome.Of<string?>(null);
    }

    /// <summary>What an AccessControlPolicy document gives.</summary>
    public static Outcome<string> OfXml(XElement policy, string ownerId)
    {
        var grants = new List<Grant>();
        foreach (var element in policy.Named("AccessControlList").SelectMany(list => list.Named("Grant")))
        {
            var grantee = element.Named("Grantee").FirstOrDefault();
            var name = grantee?.Value("URI") is { } uri ? OfGroup(uri) : grantee?.Value("ID");
            var right = element.Value("Permission") ?? "";
            if (!IsName(name) || !rights.Contains(right)) return S3Faults.MalformedXml;
            if (name != ownerId) grants.Add(new Grant(name, right));
        }

        return Kept(grants) ?? "";
    }

    public static void Write(XmlWriter xml, string ownerId, string? kept)
    {
        xml.Open("Owner", () => xml.Text("ID", ownerId));
        xml.Open("AccessControlList", () =>
        {
            foreach (var grant in Of(kept).Prepend(new Grant(ownerId, "FULL_CONTROL")))
            {
                xml.Open("Grant", () =>
                {
                    var group = grant.Grantee switch { Everybody => AllUsers, Authenticated => AuthenticatedUsers, _ => null };
                    xml.WriteStartElement("Grantee");
                    xml.WriteAttributeString("xsi", "type", Instance, group is null ? "CanonicalUser" : "Group");
                    xml.Text(group is null ? "ID" : "URI", group ?? grant.Grantee);
                    xml.WriteEndElement();
                    xml.Text("Permission", grant.Right);
                });
            }
        });
    }

    /// <summary>Whether a list gives a caller a right.</summary>
    /// <param name="caller">Null: anonymous.</param>
    /// <param name="ignorePublic">Grants to groups count for nothing.</param>
    public static bool Gives(string? kept, Caller? caller, string right, bool ignorePublic) => Of(kept).Exists(grant =>
        (grant.Right == right || grant.Right == "FULL_CONTROL")
        && (grant.Grantee == caller?.ProjectId || (!ignorePublic && (grant.Grantee == Everybody || (grant.Grantee == Authenticated && caller is not null)))));

    public static bool IsPublic(string? kept) => Of(kept).Exists(grant => grant.Grantee is Everybody or Authenticated);

    /// <summary>Whether it can stand in a line of a kept list.</summary>
    private static bool IsName([NotNullWhen(true)] string? name) =>
        !string.IsNullOrEmpty(name) && !name.Contains(':', StringComparison.Ordinal) && !name.Any(char.IsControl);

    private static List<Grant>? Canned(string name) => name switch
    {
        "private" or "bucket-owner-read" or "bucket-owner-full-control" or "aws-exec-read" => [],
        "public-read" => [new(Everybody, "READ")],
        "public-read-write" => [new(Everybody, "READ"), new(Everybody, "WRITE")],
        "authenticated-read" => [new(Authenticated, "READ")],
        _ => null,
    };

    private static string? OfGroup(string uri) => uri switch { AllUsers => Everybody, AuthenticatedUsers => Authenticated, _ => null };
}
