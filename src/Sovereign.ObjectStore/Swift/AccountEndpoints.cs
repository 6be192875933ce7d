using System.Globalization;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Buckets;

namespace Sovereign.ObjectStore.Swift;

/// <summary>Accounts (Object Storage API reference, "Accounts"): every project has one.</summary>
internal sealed class AccountEndpoints(KernelServices kernel, SwiftGate gate, BulkWork bulk)
{
    private const string Policy = "default";

    public void Map(Routes api)
    {
        api.Get("/v1/{account}", "object-store:account:show", call => Show(call, listed: true));
        api.Head("/v1/{account}", "object-store:account:show", call => Show(call, listed: false));
        api.Post("/v1/{account}", "object-store:account:update", Update);
        api.Put("/v1/{account}", "object-store:account:update", Put);
        api.Delete("/v1/{account}", "object-store:account:update", _ => Task.FromResult<Answer>(SwiftFaults.Forbidden));
    }

    private Task<Answer> Show(Call call, bool listed)
    {
        var allowed = SwiftCall.Of(call).Then(swift => gate.Account(swift, write: false));
        if (allowed.Fault is { } refused) return Task.FromResult<Answer>(refused);
        var form = ListForm.Of(allowed.Value);
        if (form.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        var project = allowed.Value.ProjectId;
        var (lines, totals, meta) = kernel.Database.Read(session => (
            listed ? Lines(session, project, form.Value) : [], AccountTotals.Of(session, project), AccountMeta.Of(session, project)));
        var answer = listed ? form.Value.Answer(lines, "account", SwiftCall.AccountPrefix + project, "container") : Answer.Empty(204);
        answer.With("X-Account-Container-Count", Text(totals.Containers)).With("X-Account-Object-Count", Text(totals.Objects))
            .With("X-Account-Bytes-Used", Text(totals.Bytes))
            .With($"X-Account-Storage-Policy-{Policy}-Container-Count", Text(totals.Containers))
                .With($"X-Account-Storage-Policy-{Policy}-Object-Count", Text(totals.Objects))
            .With($"X-Account-Storage-Policy-{Policy}-Bytes-Used", Text(totals.Bytes)).With("X-Timestamp", SwiftHeaders.Stamp(totals.Since ?? kernel.Clock.Now()))
                .With("Accept-Ranges", "bytes");
        foreach (var (name, value) in meta) answer.With(SwiftHeaders.Title(name), value);
        return Task.FromResult(answer.Traced(call));
    }

    /// <summary>A list is asked in pages until it is as long as is wanted: rolled-up prefixes are leapt over.</summary>
    private static List<ListedLine> Lines(Session session, string project, ListForm form)
    {
        var lines = new List<ListedLine>();
        var rolled = new HashSet<string>(StringComparer.Ordinal);
        var all = BucketStore.List(session, project, form.Reverse ? "" : form.Marker, form.Prefix, int.MaxValue);
        if (form.Reverse) all.Reverse();
        foreach (var bucket in all)
        {
            if (lines.Count == form.ItemsMax) break;
            var (first, last) = form.Reverse ? (form.EndMarker, form.Marker) : (form.Marker, form.EndMarker);
            if ((first.Length > 0 && string.CompareOrdinal(bucket.Name, first) <= 0) || (last.Length > 0 && string.CompareOrdinal(bucket.Name, last) >= 0)) continue;
            var at = form.Delimiter.Length == 0 ? -1 : bucket.Name.IndexOf(form.Delimiter, form.Prefix.Length, StringComparison.Ordinal);
            if (at < 0)
            {
                lines.Add(new ListedLine(bucket.Name, [("name", bucket.Name), ("count", bucket.Objects), ("bytes", bucket.Bytes), ("last_modified",
                    ListForm.Time(bucket.CreatedAt))]));
                continue;
            }

            var prefix = bucket.Name[..(at + form.Delimiter.Length)];
            if (rolled.Add(prefix)) lines.Add(new ListedLine(prefix, [("subdir", prefix)], IsPrefix: true));
        }

        return lines;
    }

    private async Task<Answer> Update(Call call)
    {
        var allowed = SwiftCall.Of(call).Then(swift => gate.Account(swift, write: true));
        if (allowed.Fault is { } refused) return refused;
        if (call.Query("bulk-delete") is not null) return await bulk.Delete(allowed.Value);
        var changed = await kernel.Queue.Write<Done>("account.update", allowed.Value.Origin, tx =>
        {
            var kept = AccountMeta.Of(tx, allowed.Value.ProjectId);
            // Only a reseller's administrator sets a limit to an account.
            if (call.Header("X-Account-Meta-Quota-Bytes") is not null && !allowed.Value.Caller!.Roles.Contains("admin")) return SwiftFaults.Forbidden;
            if (MetaLimits.Read(allowed.Value, AccountMeta.Prefix, kept, _ => false) is { } wrong) return wrong;
            AccountMeta.Set(tx, allowed.Value.ProjectId, kept);
            return Done.Value;
        }, call.Stop);
        return Answer.Of(changed, _ => Answer.Empty(204).Traced(call));
    }

    private async Task<Answer> Put(Call call)
    {
        var allowed = SwiftCall.Of(call).Then(swift => gate.Account(swift, write: true));
        if (allowed.Fault is { } refused) return refused;
        return call.Query("extract-archive") is { } format ? await bulk.Extract(allowed.Value, format) : SwiftFaults.Forbidden;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What all containers of a project hold.</summary>
internal sealed record AccountTotals
{
    public long Containers { get; init; }

    public long Objects { get; init; }

    public long Bytes { get; init; }

    /// <summary>When the oldest was made; null without containers.</summary>
    public long? Since { get; init; }

    public static AccountTotals Of(Session session, string projectId) => session.FirstOrDefault<AccountTotals>(
        """
        SELECT COUNT(*) AS containers, CAST(COALESCE(SUM(objects), 0) AS BIGINT) AS objects, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes, MIN(created_at) AS since
        FROM buckets WHERE project_id = @projectId
        """,
        new { projectId })!;
}

/// <summary>Headers that every answer of Swift has, and the forms of their values.</summary>
internal static class SwiftHeaders
{
    /// <summary>"1764500000.12345".</summary>
    public static string Stamp(long micros) => string.Create(CultureInfo.InvariantCulture, $"{micros / Micros.PerSecond}.{micros % Micros.PerSecond / 10:D5}");

    /// <summary>"x-object-meta-colour" as "X-Object-Meta-Colour".</summary>
    public static string Title(string name) => string.Join('-', name.Split('-').Select(part => part.Length == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));

    /// <summary>The request's name under Swift's own header.</summary>
    public static Answer Traced(this Answer answer, Call call) => answer.With("X-Trans-Id", "tx" + call.RequestId["req-".Length..].Replace("-", "",
        StringComparison.Ordinal));
}
