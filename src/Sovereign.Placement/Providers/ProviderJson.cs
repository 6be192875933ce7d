using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Placement.Providers;

internal sealed record ProviderCreate(string Name, string? Uuid = null, string? ParentProviderUuid = null);

internal sealed record ProviderUpdate(string Name, Optional<string?> ParentProviderUuid = default);

internal sealed record ProviderView(
    string Uuid, string Name, long Generation, IReadOnlyList<VersionLink> Links,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] Optional<string?> ParentProviderUuid,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RootProviderUuid)
{
    public static ProviderView From(Provider provider, Microversion version)
    {
        var self = "/placement/resource_providers/" + provider.Id;
        var links = new List<VersionLink> { new("self", self), new("inventories", self + "/inventories"), new("usages", self + "/usages") };
        if (version >= new Microversion(1, 1)) links.Add(new("aggregates", self + "/aggregates"));
        if (version >= PlacementVersions.TraitsOfProvider) links.Add(new("traits", self + "/traits"));
        if (version >= PlacementVersions.AllocationLink) links.Add(new("allocations", self + "/allocations"));
        var tree = version >= PlacementVersions.Tree;
        return new ProviderView(
            provider.Id, provider.Name, provider.Generation, links,
            tree ? new Optional<string?>(true, provider.ParentId.Length == 0 ? null : provider.ParentId) : default, tree ? provider.RootId : null);
    }
}

internal sealed record ProviderList(IReadOnlyList<ProviderView> ResourceProviders);

[JsonSerializable(typeof(ProviderCreate))]
[JsonSerializable(typeof(ProviderUpdate))]
[JsonSerializable(typeof(ProviderView))]
[JsonSerializable(typeof(ProviderList))]
internal sealed partial class ProviderJson : JsonSerializerContext
{
    public static readonly ProviderJson Wire = new(WireJson.Options());
}
