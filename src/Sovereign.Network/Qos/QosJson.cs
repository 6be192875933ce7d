using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Qos;

internal sealed record QosPolicyView
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public bool Shared { get; init; }

    public IReadOnlyList<BandwidthLimitView> Rules { get; init; } = [];

    public bool IsDefault { get; init; }

    public long RevisionNumber { get; init; }

    public string Description { get; init; } = "";

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public string TenantId { get; init; } = "";

    public IReadOnlyList<string> Tags { get; init; } = [];
}

internal sealed record QosPolicyBody
{
    public QosPolicyWish? Policy { get; init; }

    public IReadOnlyList<QosPolicyWish>? Policies { get; init; }
}

internal sealed record QosPolicyWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<bool?> Shared { get; init; }

    public Optional<bool?> IsDefault { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}

internal sealed record BandwidthLimitView
{
    public long MaxKbps { get; init; }

    public long MaxBurstKbps { get; init; }

    public string Direction { get; init; } = "";

    public string Id { get; init; } = "";

    /// <summary>These two only inside a policy.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? QosPolicyId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }
}

internal sealed record BandwidthLimitBody(BandwidthLimitWish BandwidthLimitRule);

internal sealed record BandwidthLimitWish
{
    public Optional<long?> MaxKbps { get; init; }

    public Optional<long?> MaxBurstKbps { get; init; }

    public Optional<string> Direction { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}

internal sealed record QosRuleTypeView(string Type);

internal sealed record QosRuleTypesAnswer(IReadOnlyList<QosRuleTypeView> RuleTypes);

internal sealed record QosRuleTypeDetail(string Type, IReadOnlyList<QosDriver> Drivers);

internal sealed record QosDriver(string Name, IReadOnlyList<QosParameter> SupportedParameters);

internal sealed record QosParameter(string ParameterName, string ParameterType, QosRange ParameterValues);

internal sealed record QosRange(long Start, long End);

internal sealed record QosRuleTypeAnswer(QosRuleTypeDetail RuleType);
