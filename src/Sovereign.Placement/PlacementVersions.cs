using System.Globalization;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Placement;

/// <summary>The table of changes, and the version document.</summary>
internal static class PlacementVersions
{
    public static readonly Microversion ResourceClasses = new(1, 2);
    public static readonly Microversion TraitsOfProvider = new(1, 6);
    public static readonly Microversion ProjectRequired = new(1, 8);
    public static readonly Microversion AllocationLink = new(1, 11);
    public static readonly Microversion AllocationMap = new(1, 12);
    public static readonly Microversion Tree = new(1, 14);
    public static readonly Microversion Fresh = new(1, 15);
    public static readonly Microversion SummaryTraits = new(1, 17);
    public static readonly Microversion AggregateGeneration = new(1, 19);
    public static readonly Microversion CreatedBody = new(1, 20);
    public static readonly Microversion ReservedMayBeAll = new(1, 26);
    public static readonly Microversion WholeSummary = new(1, 27);
    public static readonly Microversion ConsumerGeneration = new(1, 28);
    public static readonly Microversion Nested = new(1, 29);
    public static readonly Microversion Reshaper = new(1, 30);
    public static readonly Microversion Mappings = new(1, 34);
    public static readonly Microversion Reparenting = new(1, 37);
    public static readonly Microversion ConsumerType = new(1, 38);

    public static readonly MicroversionTable Table = new(
        "placement",
        1,
        [
            new(0, "providers, inventories, allocations, usages"), new(1, "aggregates"), new(2, "custom resource classes"), new(3, "providers by member_of"),
            new(4, "providers by resources"), new(5, "all inventories deleted at once"), new(6, "traits"), new(7, "idempotent PUT of a resource class"),
            new(8, "project and user required in allocations"), new(9, "usages of a project"), new(10, "allocation candidates"), new(11, "allocations link"),
            new(12, "allocations as a map"), new(13, "POST of allocations"), new(14, "trees of providers"), new(15, "last-modified and cache-control"),
            new(16, "limit of candidates"), new(17, "required traits of candidates"), new(18, "required traits of providers"),
            new(19, "generation of aggregates"), new(20, "body of a created provider"), new(21, "candidates by member_of"), new(22, "forbidden traits"),
            new(23, "error codes"), new(24, "member_of repeated"), new(25, "groups of requests"), new(26, "reserved may be total"),
            new(27, "summaries with every class"), new(28, "consumer generation"), new(29, "candidates that span a tree"),
            new(30, "reshaper"), new(31, "in_tree of candidates"), new(32, "forbidden aggregates"), new(33, "groups by name"), new(34, "mappings"),
            new(35, "root_required"), new(36, "same_subtree"), new(37, "providers move between trees"), new(38, "consumer types"), new(39, "any of several traits"),
        ]);

    public static void Map(Routes api) => api.Get("", "placement:versions", Show);

    /// <summary>Adds the caching headers that answers have from 1.15 on.</summary>
    public static Answer Dated(this Answer answer, Call call, long? changedAt = null) => call.Version < Fresh
        ? answer
        : answer.With("Cache-Control", "no-cache").With("Last-Modified", Http(changedAt));

    private static string Http(long? micros) =>
        Micros.ToTime(micros ?? 0).ToString("R", CultureInfo.InvariantCulture);

    private static Task<Answer> Show(Call call)
    {
        var version = new VersionView("v1.0", Table.Max.ToString(), Table.Min.ToString(), "CURRENT", [new VersionLink("self", "")]);
        return Task.FromResult(Answer.Json(200, new VersionsBody([version]), VersionJson.Wire.VersionsBody));
    }
}

internal sealed record VersionsBody(IReadOnlyList<VersionView> Versions);

internal sealed record VersionView(string Id, string MaxVersion, string MinVersion, string Status, IReadOnlyList<VersionLink> Links);

internal sealed record VersionLink(string Rel, string Href);

[JsonSerializable(typeof(VersionsBody))]
internal sealed partial class VersionJson : JsonSerializerContext
{
    public static readonly VersionJson Wire = new(WireJson.Options());
}
