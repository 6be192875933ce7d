using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Placement.Names;

internal sealed record ClassBody(string Name);

internal sealed record ClassView(string Name, IReadOnlyList<VersionLink> Links)
{
    public static ClassView From(string name) => new(name, [new VersionLink("self", "/placement/resource_classes/" + name)]);
}

internal sealed record ClassList(IReadOnlyList<ClassView> ResourceClasses);

internal sealed record TraitList(IReadOnlyList<string> Traits);

internal sealed record ProviderTraits(IReadOnlyList<string> Traits, long ResourceProviderGeneration);

internal sealed record AggregatesView(
    IReadOnlyList<string> Aggregates, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ResourceProviderGeneration);

internal sealed record AggregatesPut(IReadOnlyList<string> Aggregates, long ResourceProviderGeneration);

[JsonSerializable(typeof(ClassBody))]
[JsonSerializable(typeof(ClassView))]
[JsonSerializable(typeof(ClassList))]
[JsonSerializable(typeof(TraitList))]
[JsonSerializable(typeof(ProviderTraits))]
[JsonSerializable(typeof(AggregatesView))]
[JsonSerializable(typeof(AggregatesPut))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class NameJson : JsonSerializerContext
{
    public static readonly NameJson Wire = new(WireJson.Options());
}
