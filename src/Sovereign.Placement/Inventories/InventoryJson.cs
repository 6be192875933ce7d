using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Placement.Inventories;

/// <summary>An inventory in a request: what is left out has the API's default.</summary>
internal record InventoryBody(
    long Total, long Reserved = 0, long MinUnit = 1, long MaxUnit = InventoryRow.NumberMax, long StepSize = 1, double AllocationRatio = 1.0)
{
    public Inventory ToInventory(string resourceClass) => new(resourceClass, Total, Reserved, MinUnit, MaxUnit, StepSize, AllocationRatio);
}

internal sealed record InventoryPut(
    long ResourceProviderGeneration, long Total, long Reserved = 0, long MinUnit = 1, long MaxUnit = InventoryRow.NumberMax, long StepSize = 1,
    double AllocationRatio = 1.0) : InventoryBody(Total, Reserved, MinUnit, MaxUnit, StepSize, AllocationRatio);

internal sealed record InventoryPost(
    string ResourceClass, long Total, long Reserved = 0, long MinUnit = 1, long MaxUnit = InventoryRow.NumberMax, long StepSize = 1,
    double AllocationRatio = 1.0) : InventoryBody(Total, Reserved, MinUnit, MaxUnit, StepSize, AllocationRatio);

internal sealed record InventoriesPut(long ResourceProviderGeneration, Dictionary<string, InventoryBody> Inventories);

internal sealed record InventoryView(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ResourceProviderGeneration,
    long Total, long Reserved, long MinUnit, long MaxUnit, long StepSize, [property: JsonConverter(typeof(RatioConverter))] double AllocationRatio)
{
    public static InventoryView From(InventoryRow row, long? generation) =>
        new(generation, row.Total, row.Reserved, row.MinUnit, row.MaxUnit, row.StepSize, row.Ratio);
}

internal sealed record InventoriesView(long ResourceProviderGeneration, SortedDictionary<string, InventoryView> Inventories);

internal sealed record UsagesView(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ResourceProviderGeneration, SortedDictionary<string, long> Usages);

/// <summary>Writes a ratio as a number with a fraction: 1.0, as clients show it.</summary>
internal sealed class RatioConverter : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        writer.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text);
    }
}

[JsonSerializable(typeof(InventoryPut))]
[JsonSerializable(typeof(InventoryPost))]
[JsonSerializable(typeof(InventoriesPut))]
[JsonSerializable(typeof(InventoryView))]
[JsonSerializable(typeof(InventoriesView))]
[JsonSerializable(typeof(UsagesView))]
internal sealed partial class InventoryJson : JsonSerializerContext
{
    public static readonly InventoryJson Wire = new(WireJson.Options());
}
