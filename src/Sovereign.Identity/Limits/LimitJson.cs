using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Limits;

internal sealed record RegisteredLimitsBody(IReadOnlyList<RegisteredLimitWrite> RegisteredLimits);

internal sealed record RegisteredLimitBody(RegisteredLimitWrite RegisteredLimit);

internal sealed record RegisteredLimitWrite
{
    public string? ServiceId { get; set; }

    public Optional<string> RegionId { get; set; }

    public string? ResourceName { get; set; }

    public long? DefaultLimit { get; set; }

    public Optional<string> Description { get; set; }
}

internal sealed record RegisteredLimitView(
    string Id, string ServiceId, string? RegionId, string ResourceName, long DefaultLimit, string? Description, SelfLink Links)
{
    public static RegisteredLimitView From(RegisteredLimitRow row, House house) => new(
        row.Id, row.ServiceId, LimitJson.OrNull(row.RegionId), row.ResourceName, row.DefaultLimit, row.Description,
        new(house.Link("/registered_limits/" + row.Id)));
}

internal sealed record RegisteredLimitsAnswer(IReadOnlyList<RegisteredLimitView> RegisteredLimits);

internal sealed record LimitsBody(IReadOnlyList<LimitWrite> Limits);

internal sealed record LimitBody(LimitWrite Limit);

internal sealed record LimitWrite
{
    public string? ProjectId { get; set; }

    public string? DomainId { get; set; }

    public string? ServiceId { get; set; }

    public string? RegionId { get; set; }

    public string? ResourceName { get; set; }

    public long? ResourceLimit { get; set; }

    public Optional<string> Description { get; set; }
}

internal sealed record LimitView(
    string Id, string? ProjectId, string? DomainId, string ServiceId, string? RegionId, string ResourceName, long ResourceLimit, string? Description,
    SelfLink Links)
{
    public static LimitView From(LimitRow row, House house) => new(
        row.Id, LimitJson.OrNull(row.ProjectId), LimitJson.OrNull(row.DomainId), row.ServiceId, LimitJson.OrNull(row.RegionId), row.ResourceName,
        row.ResourceLimit, row.Description, new(house.Link("/limits/" + row.Id)));
}

internal sealed record LimitsAnswer(IReadOnlyList<LimitView> Limits);

internal sealed record ModelView(string Name, string Description);

internal sealed record ModelAnswer(ModelView Model);

[JsonSerializable(typeof(RegisteredLimitsBody))]
[JsonSerializable(typeof(RegisteredLimitBody))]
[JsonSerializable(typeof(RegisteredLimitView))]
[JsonSerializable(typeof(RegisteredLimitsAnswer))]
[JsonSerializable(typeof(LimitsBody))]
[JsonSerializable(typeof(LimitBody))]
[JsonSerializable(typeof(LimitView))]
[JsonSerializable(typeof(LimitsAnswer))]
[JsonSerializable(typeof(ModelAnswer))]
internal sealed partial class LimitJson : JsonSerializerContext
{
    public static readonly LimitJson Wire = new(WireJson.Options(refuseUnknown: false));

    public static string? OrNull(string text) => text.Length == 0 ? null : text;
}
