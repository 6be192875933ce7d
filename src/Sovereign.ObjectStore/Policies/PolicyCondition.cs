using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Sovereign.ObjectStore.Policies;

/// <summary>One condition of a policy's statement: an operator, a key of the request, and the values of which one must hold.</summary>
internal sealed class PolicyCondition
{
    private const string IfExists = "IfExists";
    private readonly string key;
    private readonly IReadOnlyList<string> values;
    private readonly Func<string, string, bool> test;
    private readonly bool negated;
    private readonly bool ifExists;
    private readonly bool isNull;

    private PolicyCondition(string key, IReadOnlyList<string> values, Func<string, string, bool> test, bool negated, bool ifExists, bool isNull) =>
        (this.key, this.values, this.test, this.negated, this.ifExists, this.isNull) = (key.ToLowerInvariant(), values, test, negated, ifExists, isNull);

    /// <returns>Null: there is no such operator.</returns>
    public static PolicyCondition? Parse(string name, string key, IReadOnlyList<string> values)
    {
        var ifExists = name.EndsWith(IfExists, StringComparison.Ordinal);
        var bare = ifExists ? name[..^IfExists.Length] : name;
        if (bare == "Null") return new PolicyCondition(key, values, (_, _) => true, false, false, isNull: true);
        var negated =
            bare is "StringNotEquals" or "StringNotEqualsIgnoreCase" or "StringNotLike" or "NumericNotEquals"
                or "DateNotEquals" or "NotIpAddress" or "ArnNotEquals" or "ArnNotLike";
        Func<string, string, bool>? test = bare.Replace("Not", "", StringComparison.Ordinal) switch
        {
            "StringEquals" => string.Equals,
            "StringEqualsIgnoreCase" => (has, wants) => string.Equals(has, wants, StringComparison.OrdinalIgnoreCase),
            "StringLike" or "ArnLike" or "ArnEquals" => Like,
            "Bool" => (has, wants) => string.Equals(has, wants, StringComparison.OrdinalIgnoreCase),
            "NumericEquals" => (has, wants) => Compare(Number, has, wants) == 0,
            "NumericLessThan" => (has, wants) => Compare(Number, has, wants) < 0,
            "NumericLessThanEquals" => (has, wants) => Compare(Number, has, wants) <= 0,
            "NumericGreaterThan" => (has, wants) => Compare(Number, has, wants) > 0,
            "NumericGreaterThanEquals" => (has, wants) => Compare(Number, has, wants) >= 0,
            "DateEquals" => (has, wants) => Compare(Time, has, wants) == 0,
            "DateLessThan" => (has, wants) => Compare(Time, has, wants) < 0,
            "DateLessThanEquals" => (has, wants) => Compare(Time, has, wants) <= 0,
            "DateGreaterThan" => (has, wants) => Compare(Time, has, wants) > 0,
            "DateGreaterThanEquals" => (has, wants) => Compare(Time, has, wants) >= 0,
            "IpAddress" => InNetwork,
            _ => null,
        };
        return test is null ? null : new PolicyCondition(key, values, test, negated, ifExists, isNull: false);
    }

    /// <summary>A key that the request does not have fails, unless the operator is a negation or says "if it exists".</summary>
    public bool Holds(Func<string, string?> keys)
    {
        var has = keys(key);
        if (isNull) return values.Any(value => string.Equals(value, "true", StringComparison.OrdinalIgnoreCase) == has is null);
        if (has is null) return ifExists || negated;
        return values.Any(value => test(has, value)) != negated;
    }

    private static bool Like(string has, string wants) =>
        Regex.IsMatch(has, PolicyDocument.Wildcard(wants), RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking);

    /// <summary>Null, which no comparison likes, when one of them is not of the kind.</summary>
    private static int? Compare<T>(Func<string, T?> parse, string has, string wants)
        where T : struct, IComparable<T> => parse(has) is { } left && parse(wants) is { } right ? left.CompareTo(right) : null;

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static DateTimeOffset? Time(string text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        ? time : null;

    private static bool InNetwork(string has, string wants)
    {
        if (!IPAddress.TryParse(has, out var address)) return false;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return IPNetwork.TryParse(wants.Contains('/', StringComparison.Ordinal) ? wants : wants + (wants.Contains(':', StringComparison.Ordinal) ? "/128"
            : "/32"), out var network)
            && network.Contains(address);
    }
}
