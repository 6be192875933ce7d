using System.Text.Json;
using System.Text.RegularExpressions;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Policies;

/// <summary>What a policy says of a request.</summary>
internal enum PolicyVerdict
{
    /// <summary>Nothing.</summary>
    Silent,
    Allowed,

    /// <summary>Whatever else allows it.</summary>
    Denied,
}

/// <summary>A request as policies look at it.</summary>
/// <param name="Principals">All names that the caller has; "*" is among them.</param>
/// <param name="Resource">"arn:aws:s3:::bucket/key".</param>
/// <param name="Keys">Values of condition keys by their names in lower case; null: the request has none.</param>
internal sealed record PolicyRequest(IReadOnlyList<string> Principals, string Action, string Resource, Func<string, string?> Keys);

/// <summary>A bucket policy ("Policies and permissions in Amazon S3"; elements of the IAM policy language).</summary>
internal sealed class PolicyDocument
{
    private const string ArnPrefix = "arn:aws:s3:::";
    private const int CharactersMax = 20 * 1024;
    private readonly List<Statement> statements = [];

    /// <summary>Whether it lets in anybody at all.</summary>
    public bool IsPublic => statements.Exists(statement => statement is { Allows: true, Conditions.Count: 0 } && statement.Principals.Contains("*")
        && !statement.NotPrincipal);

    public static Outcome<PolicyDocument> Parse(string text, string bucket)
    {
        if (text.Length > CharactersMax) return Malformed("Policy is too large.");
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("Statement",
                out var all)) return Malformed("Missing required field Statement");
            if (json.RootElement.TryGetProperty("Version", out var version) && version.GetString() is not ("2012-10-17" or "2008-10-17"))
                return Malformed("The policy must contain a valid version string");
            var policy = new PolicyDocument();
            foreach (var element in Items(all))
            {
                var statement = Statement.Parse(element, ArnPrefix + bucket);
                if (statement.Fault is { } wrong) return wrong;
                policy.statements.Add(statement.Value);
            }

            return policy.statements.Count == 0 ? Malformed("Could not parse the policy: Statement is empty!") : policy;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            return Malformed("Policies must be valid JSON and the first byte must be '{'");
        }
    }

    public PolicyVerdict Judge(PolicyRequest request)
    {
        var verdict = PolicyVerdict.Silent;
        foreach (var statement in statements)
        {
            if (!statement.Speaks(request)) continue;
            if (!statement.Allows) return PolicyVerdict.Denied;
            verdict = PolicyVerdict.Allowed;
        }

        return verdict;
    }

    internal static IEnumerable<JsonElement> Items(JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [element];

    internal static S3Fault Malformed(string message) => new(400, "MalformedPolicy", message);

    private sealed class Statement
    {
        public bool Allows { get; private init; }

        public bool NotPrincipal { get; private set; }

        public HashSet<string> Principals { get; } = new(StringComparer.Ordinal);

        public List<PolicyCondition> Conditions { get; } = [];

        private bool notAction;
        private bool notResource;
        private List<Regex> actions = [];
        private List<Regex> resources = [];

        public static Outcome<Statement> Parse(JsonElement element, string bucketArn)
        {
            var effect = element.TryGetProperty("Effect", out var given) ? given.GetString() : null;
            if (effect is not ("Allow" or "Deny")) return Malformed($"Invalid effect: {effect}");
            var statement = new Statement { Allows = effect == "Allow" };
            if (!statement.ReadPrincipals(element)) return Malformed("Invalid principal in policy");
            if (!Patterns(element, "Action", ignoreCase: true, out var notAction, out var actions, out _)) return Malformed("Missing required field Action");
            if (!Patterns(element, "Resource", ignoreCase: false, out var notResource, out var resources,
                out var names)) return Malformed("Missing required field Resource");
            if (names.Exists(name => name != bucketArn && !name.StartsWith(bucketArn + "/", StringComparison.Ordinal) && name != "*"
                && !Regex.IsMatch(bucketArn, Wildcard(name.Split('/')[0]), RegexOptions.CultureInvariant)))
            {
                return Malformed("Policy has invalid resource");
            }

            (statement.notAction, statement.actions, statement.notResource, statement.resources) = (notAction, actions, notResource, resources);
            if (!element.TryGetProperty("Condition", out var conditions)) return statement;
            foreach (var test in conditions.EnumerateObject())
            {
                foreach (var key in test.Value.EnumerateObject())
                {
                    if (PolicyCondition.Parse(test.Name, key.Name, Items(key.Value).Select(value => value.ToString()).ToList()) is not { } condition)
                    {
                        return Malformed($"Invalid Condition type : {test.Name}");
                    }

                    statement.Conditions.Add(condition);
                }
            }

            return statement;
        }

        public bool Speaks(PolicyRequest request) =>
            request.Principals.Any(Principals.Contains) != NotPrincipal
            && actions.Exists(pattern => pattern.IsMatch(request.Action)) != notAction
            && resources.Exists(pattern => pattern.IsMatch(request.Resource)) != notResource
            && Conditions.TrueForAll(condition => condition.Holds(request.Keys));

        private bool ReadPrincipals(JsonElement element)
        {
            if (!element.TryGetProperty("Principal", out var principal))
            {
                if (!element.TryGetProperty(nameof(NotPrincipal), out principal)) return false;
                NotPrincipal = true;
            }

            if (principal.ValueKind == JsonValueKind.String)
            {
                Principals.Add(principal.GetString()!);
                return principal.GetString() == "*";
            }

            if (principal.ValueKind != JsonValueKind.Object) return false;
            foreach (var kind in principal.EnumerateObject())
            {
                if (kind.Name is not ("AWS" or "CanonicalUser")) return false;
                foreach (var name in Items(kind.Value)) Principals.Add(name.GetString()!);
            }

            return Principals.Count > 0;
        }

        private static bool Patterns(JsonElement element, string name, bool ignoreCase, out bool negated, out List<Regex> patterns, out List<string> names)
        {
            (negated, patterns, names) = (false, [], []);
            if (!element.TryGetProperty(name, out var given))
            {
                if (!element.TryGetProperty("Not" + name, out given)) return false;
                negated = true;
            }

            names = Items(given).Select(item => item.GetString()!).ToList();
            var options = RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking | (ignoreCase ? RegexOptions.IgnoreCase
                : RegexOptions.None);
            patterns = names.ConvertAll(text => new Regex(Wildcard(text), options));
            return names.Count > 0;
        }
    }

    /// <summary>"*" is any text and "?" any character.</summary>
    internal static string Wildcard(string pattern) =>
        "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "$";
}
