using System.Text.RegularExpressions;
using Sovereign.Kernel.Outcomes;
using Sovereign.LoadBalancer.Listeners;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.L7Rules;

/// <summary>Rules: what a request must be for its policy.</summary>
internal sealed class RuleRoom() : Room<RuleWish, RuleView>(
    Kinds.Rule, "rules", "/lbaas/l7policies/{parent}/rules", TreeStore.Parts("type"), BalancerJson.Wire.RuleWish, BalancerJson.Wire.RuleView)
{
    private const int RulesMax = 50;

    public override string ParentKind => Kinds.Policy;

    public override string Singular => "rule";

    public override Outcome<(string Kind, string Id)> Above(RuleWish wish, string? parentId) => (Kinds.Policy, parentId!);

    public override Outcome<PartRow> Make(TreeWork work, string aboveId, RuleWish wish)
    {
        if (Checks.First(
            Checks.Given("type", wish.Type.Value is not null), Checks.Given("compare_type", wish.CompareType.Value is not null),
            Checks.Given("value", wish.Value.Value is not null)) is { } lacking) return lacking;
        if (work.Tree.Of(Kind, aboveId).Count() >= RulesMax) return new Fault.Conflict($"L7policy {aboveId} has {RulesMax} rules, the most it can have.");
        return Fill(work, new PartRow { Kind = Kind, ParentId = aboveId }, new RuleView(), wish).Then(work.Add);
    }

    public override Outcome<PartRow> Change(TreeWork work, PartRow old, RuleWish wish) => Fill(work, old, Spec(old), wish).Map(work.Save);

    protected override void Relate(RuleView view, Tree tree, PartRow row) => (view.Name, view.Type) = (null, row.Type);

    private Outcome<PartRow> Fill(TreeWork work, PartRow row, RuleView spec, RuleWish wish)
    {
        if (Checks.First(
            wish.Check(), Checks.Text("key", wish.Key), Checks.Text("value", wish.Value),
            Checks.OneOf("type", wish.Type.Value, "COOKIE", "FILE_TYPE", "HEADER", "HOST_NAME", "PATH", "SSL_CONN_HAS_CERT", "SSL_VERIFY_RESULT", "SSL_DN_FIELD"),
            Checks.OneOf("compare_type", wish.CompareType.Value, "CONTAINS", "ENDS_WITH", "EQUAL_TO", "REGEX", "STARTS_WITH")) is { } wrong) return wrong;
        var type = wish.Type.Value ?? row.Type;
        spec.CompareType = wish.CompareType.Value ?? spec.CompareType;
        spec.Key = wish.Key.Or(spec.Key);
        spec.Value = wish.Value.Or(spec.Value) ?? "";
        spec.Invert = wish.Invert.Or(spec.Invert) ?? false;
        return Fits(work, row, type, spec) is { } misfit ? misfit : With(wish.Onto(row), spec) with { Type = type };
    }

    private static Fault? Fits(TreeWork work, PartRow row, string type, RuleView spec)
    {
        if (spec.Value.Length == 0) return Faults.Validation("a rule compares with a value");
        if (type is "COOKIE" or "HEADER" or "SSL_DN_FIELD")
        {
            if (spec.Key is not { Length: > 0 } key) return Faults.Validation($"L7rule type {type} needs to specify a key and a value.");
            if (!key.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal)))
                return Faults.Attribute("key", "…", "A token of HTTP is expected.");
        }
        else if (spec.Key is not null) return Faults.Validation($"L7rule type {type} does not use a key.");

        if (type == "FILE_TYPE" && spec.CompareType is not ("EQUAL_TO" or "REGEX")) return Faults.Validation("L7rule type FILE_TYPE compares by EQUAL_TO or REGEX.");
        if (type is "SSL_CONN_HAS_CERT" or "SSL_VERIFY_RESULT" or "SSL_DN_FIELD")
        {
            var policy = work.Tree.Find(Kinds.Policy, row.ParentId)!;
            if (work.Tree.Find(Kinds.Listener, policy.ParentId)!.Type != ListenerRoom.Terminated)
            {
                return Faults.Validation($"L7rule type {type} is for listeners of protocol {ListenerRoom.Terminated}.");
            }

            if (type == "SSL_CONN_HAS_CERT" && !string.Equals(spec.Value, "true", StringComparison.OrdinalIgnoreCase))
                return Faults.Validation("L7rule type SSL_CONN_HAS_CERT compares with true.");
            if (type == "SSL_VERIFY_RESULT" && (!spec.Value.All(char.IsAsciiDigit) || spec.Value.Length > 4))
                return Faults.Validation("L7rule type SSL_VERIFY_RESULT compares with a number.");
            if (type != "SSL_DN_FIELD" && spec.CompareType != "EQUAL_TO") return Faults.Validation($"L7rule type {type} compares by EQUAL_TO.");
        }

        return spec.CompareType == "REGEX" && !Expression(spec.Value) ? Faults.Validation("the value is no regular expression") : null;
    }

    private static bool Expression(string text)
    {
        try
        {
            _ = new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));
            return true;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
