using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Metering;

internal sealed record MeteringLabelView
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string TenantId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Shared { get; init; }
}

internal sealed record MeteringLabelBody
{
    public MeteringLabelWish? MeteringLabel { get; init; }

    public IReadOnlyList<MeteringLabelWish>? MeteringLabels { get; init; }
}

internal sealed record MeteringLabelWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<bool?> Shared { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}

internal sealed record MeteringRuleView
{
    public string Id { get; init; } = "";

    public string MeteringLabelId { get; init; } = "";

    public string Direction { get; init; } = "";

    public bool Excluded { get; init; }

    public string? RemoteIpPrefix { get; init; }

    public string? SourceIpPrefix { get; init; }

    public string? DestinationIpPrefix { get; init; }
}

internal sealed record MeteringRuleBody
{
    public MeteringRuleWish? MeteringLabelRule { get; init; }

    public IReadOnlyList<MeteringRuleWish>? MeteringLabelRules { get; init; }
}

internal sealed record MeteringRuleWish
{
    public Optional<string> MeteringLabelId { get; init; }

    public Optional<string> Direction { get; init; }

    public Optional<bool?> Excluded { get; init; }

    public Optional<string> RemoteIpPrefix { get; init; }

    public Optional<string> SourceIpPrefix { get; init; }

    public Optional<string> DestinationIpPrefix { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}
