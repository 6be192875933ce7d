using Sovereign.Kernel.Outcomes;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.HealthMonitors;

/// <summary>Health monitors: how a pool finds out which members work. A pool has at most one.</summary>
internal sealed class MonitorRoom() : Room<MonitorWish, MonitorView>(
    Kinds.Monitor, "healthmonitors", "/lbaas/healthmonitors",
    TreeStore.Parts("type", new Sovereign.Kernel.Lists.ListColumn("pool_id", "p.parent_id", Nullable: true)),
    BalancerJson.Wire.MonitorWish, BalancerJson.Wire.MonitorView)
{
    private const long SecondsMax = 365 * 24 * 3600;
    private const int RetriesMax = 10;
    private const int PathCharsMax = 255;

    public override Outcome<(string Kind, string Id)> Above(MonitorWish wish, string? parentId) =>
        wish.PoolId.Value is { } pool ? (Kinds.Pool, pool) : Faults.Required("pool_id");

    public override Outcome<PartRow> Make(TreeWork work, string aboveId, MonitorWish wish)
    {
        if (Checks.First(
            Checks.Given("type", wish.Type.Value is not null), Checks.Given("delay", wish.Delay.Value is not null),
            Checks.Given("timeout", wish.Timeout.Value is not null), Checks.Given("max_retries", wish.MaxRetries.Value is not null)) is { } lacking) return lacking;
        switch (wish.Type.Value)
        {
            case "PING":
                return new Fault.Invalid("type", "The selected healthmonitor type is not allowed in this deployment: PING. A member that answers pings may not serve.");
            case "UDP-CONNECT" or "SCTP":
                return Faults.Unsupported($"{wish.Type.Value} health monitors: they look at UDP and SCTP pools, which HAProxy does not carry.");
        }

        if (Checks.OneOf("type", wish.Type.Value, "HTTP", "HTTPS", "PING", "SCTP", "TCP", "TLS-HELLO", "UDP-CONNECT") is { } unknown) return unknown;
        if (work.Tree.MonitorOf(aboveId) is not null) return Faults.Exists("This pool already has a health monitor");
        var spec = new MonitorView();
        if (Http(wish.Type.Value!)) (spec.HttpMethod, spec.UrlPath, spec.ExpectedCodes) = ("GET", "/", "200");
        return Fill(new PartRow { Kind = Kind, ParentId = aboveId, Type = wish.Type.Value! }, spec, wish).Then(work.Add);
    }

    public override Outcome<PartRow> Change(TreeWork work, PartRow old, MonitorWish wish)
    {
        if (wish.PoolId.Given) return Faults.Unchangeable("pool_id");
        return wish.Type.Given ? Faults.Unchangeable("type") : Fill(old, Spec(old), wish).Map(work.Save);
    }

    protected override void Relate(MonitorView view, Tree tree, PartRow row) => (view.Type, view.Pools) = (row.Type, [new IdView(row.ParentId!)]);

    private static bool Http(string type) => type is "HTTP" or "HTTPS";

    private Outcome<PartRow> Fill(PartRow row, MonitorView spec, MonitorWish wish)
    {
        if (Checks.First(
            wish.Check(), Checks.Number("delay", wish.Delay, 1, SecondsMax), Checks.Number("timeout", wish.Timeout, 1, SecondsMax),
            Checks.Number("max_retries", wish.MaxRetries, 1, RetriesMax), Checks.Number("max_retries_down", wish.MaxRetriesDown, 1, RetriesMax),
            Checks.OneOf("http_method", wish.HttpMethod.Value, "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"),
            UrlPath(wish.UrlPath.Value), Codes(wish.ExpectedCodes.Value), Domain(wish.DomainName.Value),
            wish.HttpVersion.Value is null or 1.0 or 1.1 ? null : Faults.Attribute("http_version", wish.HttpVersion.Value,
                "Value should be one of: 1.0, 1.1")) is { } wrong)
        {
            return wrong;
        }

        if (!Http(row.Type) && (wish.HttpMethod.Value ?? wish.UrlPath.Value ?? wish.ExpectedCodes.Value ?? wish.DomainName.Value) is not null)
        {
            return Faults.Validation($"http_method, url_path, expected_codes and domain_name are not for health monitors of type {row.Type}");
        }

        spec.Delay = wish.Delay.Or(spec.Delay) ?? spec.Delay;
        spec.Timeout = wish.Timeout.Or(spec.Timeout) ?? spec.Timeout;
        spec.MaxRetries = wish.MaxRetries.Or(spec.MaxRetries) ?? spec.MaxRetries;
        spec.MaxRetriesDown = wish.MaxRetriesDown.Or(spec.MaxRetriesDown) ?? 3;
        spec.HttpMethod = wish.HttpMethod.Value ?? spec.HttpMethod;
        spec.UrlPath = wish.UrlPath.Value ?? spec.UrlPath;
        spec.ExpectedCodes = wish.ExpectedCodes.Value ?? spec.ExpectedCodes;
        spec.HttpVersion = wish.HttpVersion.Or(spec.HttpVersion);
        spec.DomainName = wish.DomainName.Or(spec.DomainName);
        if (spec.Delay < spec.Timeout) return Faults.Validation("the delay of a health monitor is not shorter than its timeout");
        return spec.DomainName is not null && spec.HttpVersion != 1.1 ? Faults.Validation("'http_version' must be 1.1 when 'domain_name' is specified.")
            : With(wish.Onto(row), spec);
    }

    private static Fault? UrlPath(string? path) => path is null || (path.StartsWith('/') && path.Length <= PathCharsMax && path.All(c => c is > ' ' and < '\x7f'))
        ? null : Faults.Attribute("url_path", "…", "A path begins with / and has no blanks.");

    /// <summary>"200", "200,202" or "200-204".</summary>
    private static Fault? Codes(string? codes)
    {
        if (codes is null) return null;
        var parts = codes.Length > 64 ? [""] : codes.Split(',').SelectMany(part => part.Trim().Split('-')).ToArray();
        return parts.All(part => part.Length == 3 && part.All(char.IsAsciiDigit) && part[0] is >= '1' and <= '5')
            && codes.Split(',').All(part => part.Count(c => c == '-') <= 1 && Ordered(part.Trim()))
            ? null : Faults.Attribute("expected_codes", "…", "Value should be a code, codes joined by commas, or a range such as 200-204");
    }

    private static bool Ordered(string part) => part.Length == 3 || string.CompareOrdinal(part[..3], part[4..]) <= 0;

    private static Fault? Domain(string? name) =>
        name is null || (name.Length is > 0 and <= 255 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.') && !name.StartsWith('-'))
            ? null : Faults.Attribute("domain_name", "…", "A host name is expected.");
}
