using System.Text;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Objects;

namespace Sovereign.ObjectStore.Swift;

/// <summary>Limits of Swift's metadata, as its capabilities say them.</summary>
internal static class MetaLimits
{
    public const int NameBytesMax = 128;
    public const int ValueBytesMax = 256;
    public const int CountMax = 90;
    public const int AllBytesMax = 4096;

    /// <summary>Reads metadata of a request into what is kept: an empty value and "X-Remove-…" take away.</summary>
    /// <param name="prefix">"x-container-meta-".</param>
    /// <param name="kept">Changed in place.</param>
    public static Fault? Read(SwiftCall call, string prefix, Dictionary<string, string> kept, Func<string, bool> isOwn)
    {
        var removal = "x-remove-" + prefix["x-".Length..];
        foreach (var (name, values) in call.Call.Http.Request.Headers)
        {
            var lower = name.ToLowerInvariant();
            if (lower.StartsWith("x-remove-", StringComparison.Ordinal))
            {
                var named = "x-" + lower["x-remove-".Length..];
                if (lower.StartsWith(removal, StringComparison.Ordinal) || isOwn(named)) kept.Remove(named);
                continue;
            }

            if (!lower.StartsWith(prefix, StringComparison.Ordinal) && !isOwn(lower)) continue;
            var value = values.ToString();
            if (lower == prefix) return new Fault.Invalid(lower, "Metadata name cannot be empty");
            if (lower.Length - prefix.Length > NameBytesMax) return new Fault.Invalid(lower, $"Metadata name too long: {lower}");
            if (!isOwn(lower) && Encoding.UTF8.GetByteCount(value) > ValueBytesMax) return new Fault.Invalid(lower,
                $"Metadata value longer than {ValueBytesMax}: {lower}");
            if (value.Length == 0) kept.Remove(lower);
            else kept[lower] = value;
        }

        var own = kept.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        if (own.Count > CountMax) return new Fault.Invalid("", $"Too many metadata items; max {CountMax}");
        return own.Sum(pair => pair.Key.Length - prefix.Length + Encoding.UTF8.GetByteCount(pair.Value)) > AllBytesMax
            ? new Fault.Invalid("", $"Total metadata too large; max {AllBytesMax}") : null;
    }
}

/// <summary>Metadata of accounts.</summary>
internal static class AccountMeta
{
    public const string Prefix = "x-account-meta-";

    public static Dictionary<string, string> Of(Session session, string projectId) =>
        session.Scalar<string>("SELECT headers FROM account_settings WHERE project_id = @projectId", new { projectId }) is { } json ? KeptHeaders.Of(json)
            : new(StringComparer.Ordinal);

    public static void Set(Tx tx, string projectId, Dictionary<string, string> headers) => tx.Execute(
        "INSERT INTO account_settings (project_id, headers) VALUES (@projectId, @json) ON CONFLICT (project_id) DO UPDATE SET headers = excluded.headers",
        new { projectId, json = KeptHeaders.ToJson(headers) });
}

/// <summary>Metadata and access lists of containers.</summary>
internal static class ContainerMeta
{
    public const string Prefix = "x-container-meta-";
    private const string Setting = "swift";
    private static readonly string[] own = ["x-container-read", "x-container-write", "x-versions-location", "x-history-location", "x-container-sync-to",
        "x-container-sync-key"];

    public static bool IsOwn(string header) => own.Contains(header);

    public static Dictionary<string, string> Of(Session session, long number) =>
        BucketStore.Setting(session, number, Setting) is { } json ? KeptHeaders.Of(json) : new(StringComparer.Ordinal);

    public static Outcome<Done> Set(Tx tx, long number, Dictionary<string, string> headers) => BucketService.Set(tx, number, Setting, KeptHeaders.ToJson(headers));

    /// <summary>Changes what a request says; a fault says what of it can't be kept.</summary>
    public static Outcome<Done> Change(Tx tx, SwiftCall call, long number)
    {
        var kept = Of(tx, number);
        if (MetaLimits.Read(call, Prefix, kept, IsOwn) is { } wrong) return wrong;
        foreach (var (name, write) in ((string, bool)[])[("x-container-read", false), ("x-container-write", true)])
        {
            if (kept.TryGetValue(name, out var list) && SwiftGate.Wrong(list, write) is { } bad) return new Fault.Invalid(name,
                $"X-Container-{(write ? "Write" : "Read")}: {bad}");
        }

        foreach (var name in (string[])["x-container-meta-quota-bytes", "x-container-meta-quota-count"])
        {
            if (kept.TryGetValue(name, out var text) && !(long.TryParse(text, out var limit)
                && limit >= 0)) return new Fault.Invalid(name, name.EndsWith("bytes", StringComparison.Ordinal) ? "Invalid bytes quota." : "Invalid count quota.");
        }

        if (kept.ContainsKey("x-versions-location") && kept.ContainsKey("x-history-location")) return new Fault.Invalid("",
            "Only one of X-Versions-Location or X-History-Location may be specified");
        return Set(tx, number, kept);
    }
}
