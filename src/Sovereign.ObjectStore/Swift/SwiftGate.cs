using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;

namespace Sovereign.ObjectStore.Swift;

/// <summary>Who may do what with an account, a container and its objects: the project by its roles, others by the container's access lists ("Access Control Lists" of
/// the Swift
/// documentation) or by a temporary URL.</summary>
internal sealed class SwiftGate(KernelServices kernel)
{
    /// <summary>May the caller read or change the account itself?</summary>
    public Outcome<SwiftCall> Account(SwiftCall call, bool write) => Owns(call, write) ? call : Refusal(call);

    /// <summary>Finds the container and asks whether the caller may read it, or write into it.</summary>
    /// <param name="listing">The request lists: anonymous readers need a right of its own for that.</param>
    public Outcome<SwiftCall> Container(SwiftCall call, bool write, bool listing = false) => kernel.Database.Read<Outcome<SwiftCall>>(session =>
    {
        var bucket = BucketStore.OfProject(session, call.ProjectId, call.Container);
        if (Owns(call, write)) return bucket is null ? SwiftFaults.Missing : call with { Bucket = bucket };
        if (bucket is null) return Refusal(call);
        var meta = ContainerMeta.Of(session, bucket.Number);
        return Gives(meta.GetValueOrDefault(write ? "x-container-write" : "x-container-read"), call, write, listing) ? call with { Bucket = bucket } : Refusal(call);
    });

    /// <summary>The container of a manifest's segments, when the caller may read it, or the URL lends it.</summary>
    public Outcome<Bucket> Segments(SwiftCall call, string container)
    {
        if (call.Lent is null) return Container(call with { Container = container }, write: false).Map(entered => entered.Bucket);
        if (call.Lent.Length > 0 && call.Lent != container) return SwiftFaults.Unauthorized;
        return kernel.Database.Read<Outcome<Bucket>>(session => BucketStore.OfProject(session, call.ProjectId, container) is { } bucket ? bucket : SwiftFaults.Missing);
    }

    public bool Owns(SwiftCall call, bool write) => call.Caller is { } caller && caller.ProjectId == call.ProjectId
        && kernel.Policy[write ? ObjectAccess.Write : ObjectAccess.Read].Evaluate(caller) != Reach.None;

    /// <summary>Is this an access list that Swift would keep?</summary>
    /// <returns>What is wrong with it; null: nothing.</returns>
    public static string? Wrong(string list, bool write)
    {
        foreach (var item in Items(list))
        {
            if (!item.StartsWith('.')) continue;
            var referrer = item.StartsWith(".r:", StringComparison.Ordinal) || item.StartsWith(".ref:", StringComparison.Ordinal)
                || item.StartsWith(".referer:", StringComparison.Ordinal)
                || item.StartsWith(".referrer:", StringComparison.Ordinal);
            if (write && referrer) return $"Referrers not allowed in write ACL: {item}";
            if (!referrer && item != ".rlistings") return $"Unknown designator {item}";
        }

        return null;
    }

    private static bool Gives(string? list, SwiftCall call, bool write, bool listing)
    {
        if (list is null) return false;
        var items = Items(list).ToList();
        if (call.Caller is { } caller && items.Exists(item => Names(item, caller))) return true;
        if (write || !Referred(items, call.Header("Referer"))) return false;
        return !listing || items.Contains(".rlistings");
    }

    /// <summary>"project:user" by ids or names, with "*" for either; a role by its name.</summary>
    private static bool Names(string item, Caller caller)
    {
        var colon = item.IndexOf(':', StringComparison.Ordinal);
        if (item.StartsWith('.')) return false;
        if (colon < 0) return false;
        var (project, user) = (item[..colon], item[(colon + 1)..]);
        return (project == "*" || project == caller.ProjectId) && (user == "*" || user == caller.UserId);
    }

    /// <summary>".r:*" is anybody; ".r:-host" takes back.</summary>
    private static bool Referred(List<string> items, string? referrer)
    {
        var allowed = false;
        var host = Uri.TryCreate(referrer, UriKind.Absolute, out var uri) ? uri.Host : "";
        foreach (var item in items.Where(item => item.StartsWith(".r", StringComparison.Ordinal) && item.Contains(':', StringComparison.Ordinal)))
        {
            var pattern = item[(item.IndexOf(':', StringComparison.Ordinal) + 1)..];
            var takes = pattern.StartsWith('-');
            if (takes) pattern = pattern[1..];
            if (pattern == "*" || pattern == host || (pattern.StartsWith('.') && host.EndsWith(pattern, StringComparison.OrdinalIgnoreCase))) allowed = !takes;
        }

        return allowed;
    }

    private static IEnumerable<string> Items(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static Fault Refusal(SwiftCall call) => call.Caller is null ? SwiftFaults.Unauthorized : SwiftFaults.Forbidden;
}
