using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Discovery;

/// <summary>Version documents, where clients look for them: above the version, at /versions, and at the version itself.</summary>
internal static class VersionEndpoints
{
    /// <summary>What the original tells with stores and without a cache in front of them, which v2.14 and v2.16 stand for.</summary>
    private static readonly string[] versions =
    [
        "v2.17", "v2.15", "v2.13", "v2.12", "v2.11", "v2.10", "v2.9", "v2.8", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0",
    ];

    public static void Map(Routes api)
    {
        var above = api.Under("/image");
        above.Get("", "image:versions", call => Show(call, 300));
        above.Get("/versions", "image:versions", call => Show(call, 200));
        api.Get("", "image:versions", call => Show(call, 300));
    }

    private static Task<Answer> Show(Call call, int status)
    {
        var link = new VersionLink("self", call.PublicUrl + "/image/v2/");
        var views = versions.Select((id, i) => new VersionView(id, i == 0 ? "CURRENT" : "SUPPORTED", [link])).ToList();
        return Task.FromResult(Answer.Json(status, new VersionList(views), VersionJson.Wire.VersionList));
    }
}

internal sealed record VersionList(IReadOnlyList<VersionView> Versions);

internal sealed record VersionView(string Id, string Status, IReadOnlyList<VersionLink> Links);

internal sealed record VersionLink(string Rel, string Href);

[JsonSerializable(typeof(VersionList))]
internal sealed partial class VersionJson : JsonSerializerContext
{
    public static readonly VersionJson Wire = new(WireJson.Options());
}
