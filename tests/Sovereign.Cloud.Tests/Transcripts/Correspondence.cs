using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Sovereign.Cloud.Tests.Transcripts;

/// <summary>Which id, address or checksum of ours stands for which recorded one. Learnt from answers at the same place; each pair is one to one.</summary>
internal sealed partial class Correspondence
{
    private static readonly (string Recorded, string Ours)[] bases =
    [
        ("http://openstack.example:5000", "http://cloud.example:8443/identity"), ("http://openstack.example:8774", "http://cloud.example:8443/compute"),
        ("http://openstack.example:9292", "http://cloud.example:8443/image"), ("http://openstack.example:9696", "http://cloud.example:8443/network"),
        ("http://openstack.example:8778", "http://cloud.example:8443/placement"), ("http://openstack.example:8776", "http://cloud.example:8443/volume"),
        ("http://openstack.example:9876", "http://cloud.example:8443/load-balancer"),
    ];

    private readonly Dictionary<string, string> ours = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> recorded = new(StringComparer.Ordinal);

    public void Learn(string theirs, string own)
    {
        if (ours.TryAdd(theirs, own)) recorded.TryAdd(own, theirs);
    }

    public string? Of(string theirs) => ours.GetValueOrDefault(theirs);

    /// <summary>A recorded text with everything known in it replaced. What is not known yet stays, and from then on stands for itself.</summary>
    public string Translate(string text)
    {
        foreach (var (from, to) in bases) text = text.Replace(from, to, StringComparison.Ordinal);
        return Tokens().Replace(text, match => Kind(match) is { } kind && IsMapped(kind) ? Sent(match.Value) : match.Value);
    }

    /// <summary>Whether our text says the same as the recorded one; learns the pairs unless this is only a try.</summary>
    public bool Same(string theirs, string own, bool learn)
    {
        foreach (var (from, to) in bases) theirs = theirs.Replace(from, to, StringComparison.Ordinal);
        if (theirs == own && !Tokens().IsMatch(theirs)) return true;
        if (IsAddress6(theirs) && IsAddress6(own)) return Pair(theirs, own, learn);
        var (their, our) = (Skeleton(theirs, out var theirParts), Skeleton(own, out var ourParts));
        if (their != our) return false;
        for (var i = 0; i < theirParts.Count; i++)
        {
            if (IsMapped(theirParts[i].Kind) && !Pair(theirParts[i].Text, ourParts[i].Text, learn)) return false;
        }

        return true;
    }

    private bool Pair(string theirs, string own, bool learn)
    {
        if (ours.TryGetValue(theirs, out var known)) return known == own;
        if (recorded.ContainsKey(own)) return false;
        if (learn) Learn(theirs, own);
        return true;
    }

    private string Sent(string token)
    {
        Learn(token, token);
        return ours[token];
    }

    private static bool IsMapped(string kind) => kind is "uuid" or "hex" or "mac" or "ip";

    private static bool IsAddress6(string text) => text.Contains(':', StringComparison.Ordinal) && text.Length <= 39
        && IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;

    private static string Skeleton(string text, out List<(string Kind, string Text)> parts)
    {
        var found = new List<(string Kind, string Text)>();
        var skeleton = new StringBuilder();
        var from = 0;
        foreach (Match match in Tokens().Matches(text))
        {
            var kind = Kind(match)!;
            found.Add((kind, match.Value));
            skeleton.Append(text, from, match.Index - from).Append('<').Append(kind);
            if (kind == "time") skeleton.Append(Digits().Replace(match.Value, "9"));
            if (kind == "hex") skeleton.Append(match.Length.ToString(CultureInfo.InvariantCulture));
            skeleton.Append('>');
            from = match.Index + match.Length;
        }

        parts = found;
        return skeleton.Append(text, from, text.Length - from).ToString();
    }

    private static string? Kind(Match match) => match.Groups.Values.Skip(1).FirstOrDefault(group => group.Success)?.Name;

    [GeneratedRegex(
        @"(?<request>\breq-[0-9a-f]{8}-[0-9a-f-]{27}\b)|(?<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)"
        + @"|(?<mac>\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b)|(?<hex>\b([0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{56}|[0-9a-f]{40}|[0-9a-f]{32})\b)"
        + @"|(?<time>\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?)|(?<ip>\b\d{1,3}(\.\d{1,3}){3}\b)",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Tokens();

    [GeneratedRegex("[0-9]")]
    private static partial Regex Digits();
}
