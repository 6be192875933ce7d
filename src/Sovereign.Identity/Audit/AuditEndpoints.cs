using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Audit;

/// <summary>One change of a resource, as the journal has it.</summary>
/// <param name="Sequence">Its place in the chain; larger is later.</param>
/// <param name="Owner">Project or domain of the resource; null for the cloud's own.</param>
/// <param name="Change">"created", "updated", "deleted".</param>
/// <param name="Resource">The resource after the change, without secrets; null when it was erased.</param>
internal sealed record AuditEntryView(
    long Sequence, string Time, string RequestId, string ActorId, string? Owner, string Kind, string ResourceId, string Change, JsonElement? Resource);

internal sealed record AuditList(IReadOnlyList<AuditEntryView> Entries, CollectionLinks Links);

[JsonSerializable(typeof(AuditList))]
internal sealed partial class AuditJson : JsonSerializerContext
{
    public static readonly AuditJson Wire = new(WireJson.Options());
}

/// <summary>The journal as its owners read it: a tenant the changes of what is its own, the operator all of them. Newest first; the marker is a sequence.</summary>
internal sealed class AuditEndpoints(House house)
{
    private static readonly string[] filters = ["kind", "resource_id", "owner"];
    private const int EntriesMax = 1_000;
    private const int EntriesDefault = 100;
    private const int FilterMax = 255;

    public void Map(Routes api) => api.Get("/audit/entries", "identity:list_audit_entries", List);

    private Task<Answer> List(Call call)
    {
        if (!Number(call.Query("limit"), EntriesDefault, out var limit) || !Number(call.Query("marker"), long.MaxValue, out var before))
        {
            return Task.FromResult<Answer>(new Fault.Invalid("limit", "limit and marker are integers that are not negative."));
        }

        var (kind, resource) = (call.Query("kind"), call.Query("resource_id"));
        if ((Members.CheckText("kind", kind, FilterMax) ?? Members.CheckText("resource_id", resource, FilterMax)) is { } bad) return Task.FromResult<Answer>(bad);
        var caller = call.Access.Caller;
        var owner = call.Access.Everything ? call.Query("owner") : caller.ProjectId ?? caller.DomainId ?? "-";
        if (Members.CheckText("owner", owner, FilterMax) is { } badOwner) return Task.FromResult<Answer>(badOwner);
        var count = (int)Math.Min(limit, EntriesMax);
        var entries = house.Kernel.Journal.Entries(owner, before, kind, resource, count + 1);
        var more = entries.Count > count;
        if (more) entries.RemoveAt(count);
        var next = more && count > 0
            ? call.Link(string.Create(CultureInfo.InvariantCulture, $"/audit/entries?limit={count}&marker={entries[^1].Entry.Sequence}") + Filters(call)) : null;
        var links = CollectionLinks.Of(call) with { Next = next };
        return Task.FromResult(Answer.Json(200, new AuditList([.. entries.Select(entry => View(entry.Entry, entry.Document))], links), AuditJson.Wire.AuditList));
    }

    private static string Filters(Call call) => string.Concat(filters
        .Where(name => call.Query(name) is not null).Select(name => $"&{name}={Uri.EscapeDataString(call.Query(name)!)}"));

    private static bool Number(string? text, long otherwise, out long number)
    {
        number = otherwise;
        return text is null || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static AuditEntryView View(JournalEntry entry, byte[]? document) => new(
        entry.Sequence, Micros.ToMicrosZ(entry.Time), entry.RequestId, entry.ActorId, entry.Owner, entry.Kind, entry.Id,
        entry.Change.ToString().ToLowerInvariant(), document is null ? null : Members.Parse(System.Text.Encoding.UTF8.GetString(document)));
}
