using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Trees;

namespace Sovereign.LoadBalancer.Wire;

/// <summary>What may be asked of every resource.</summary>
internal abstract record PartWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<bool?> AdminStateUp { get; init; }

    public Optional<IReadOnlyList<string>> Tags { get; init; }

    public Optional<string> ProjectId { get; init; }

    public Optional<string> TenantId { get; init; }

    public Fault? Check() => Checks.First(Checks.Text("name", Name), Checks.Text("description", Description), Checks.Tags(Tags));

    /// <summary>The row with what all kinds have.</summary>
    public PartRow Onto(PartRow row) => row with
    {
        Name = Name.Or(row.Name) ?? "",
        Description = Description.Or(row.Description) ?? "",
        Enabled = AdminStateUp.Or(row.Enabled) ?? true,
        Tags = Tags.Given ? Checks.TagsText(Tags.Value ?? []) : row.Tags,
    };

    /// <summary>Reads {"listener": {…}}.</summary>
    public static async Task<Outcome<T>> Read<T>(Call call, string singular, JsonTypeInfo<T> type)
    {
        var body = await call.Body(BalancerJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } wrong) return wrong;
        return body.Value.Count == 1 && body.Value.TryGetValue(singular, out var wish)
            ? Parse(wish, type) : Faults.Validation($"the body is an object with the one member {singular}");
    }

    /// <summary>Reads {"members": […]}.</summary>
    public static async Task<Outcome<IReadOnlyList<T>>> ReadMany<T>(Call call, string plural, JsonTypeInfo<IReadOnlyList<T>> type)
    {
        var body = await call.Body(BalancerJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } wrong) return wrong;
        return body.Value.Count == 1 && body.Value.TryGetValue(plural, out var wish)
            ? Parse(wish, type) : Faults.Validation($"the body is an object with the one member {plural}");
    }

    private static Outcome<T> Parse<T>(JsonElement wish, JsonTypeInfo<T> type) =>
        Call.Parse(System.Text.Encoding.UTF8.GetBytes(wish.GetRawText()), type);
}
