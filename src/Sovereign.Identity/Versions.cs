using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity;

/// <summary>The version documents, where clients look for them.</summary>
internal sealed class Versions
{
    private const string Updated = "2020-04-07T00:00:00Z";

    /// <param name="root">Routes under the path before the version.</param>
    public static void Map(Routes root)
    {
        root.Get("", "identity:versions", call => Task.FromResult(Answer.Json(300, new VersionsAnswer(new([V3(call)])), VersionsJson.Wire.VersionsAnswer)));
        root.Get("/v3", "identity:versions", call => Task.FromResult(Answer.Json(200, new VersionAnswer(V3(call)), VersionsJson.Wire.VersionAnswer)));
    }

    private static VersionView V3(Call call) => new(
        "v3.14", "stable", Updated, [new("self", call.PublicUrl + IdentityModule.Prefix + "/")],
        [new("application/json", "application/vnd.openstack.identity-v3+json")]);
}

internal sealed record VersionLink(string Rel, string Href);

internal sealed record MediaType(string Base, string Type);

internal sealed record VersionView(
    string Id, string Status, string Updated, IReadOnlyList<VersionLink> Links,
    [property: JsonPropertyName("media-types")] IReadOnlyList<MediaType> MediaTypes);

internal sealed record VersionAnswer(VersionView Version);

internal sealed record VersionValues(IReadOnlyList<VersionView> Values);

internal sealed record VersionsAnswer(VersionValues Versions);

[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(VersionsAnswer))]
internal sealed partial class VersionsJson : JsonSerializerContext
{
    public static readonly VersionsJson Wire = new(WireJson.Options());
}
