using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.L7Rules;

internal sealed record RuleView : PartView
{
    public string Type { get; set; } = "";

    public string CompareType { get; set; } = "";

    public string? Key { get; set; }

    public string Value { get; set; } = "";

    public bool Invert { get; set; }
}

internal sealed record RuleWish : PartWish
{
    public Optional<string> Type { get; init; }

    public Optional<string> CompareType { get; init; }

    public Optional<string> Key { get; init; }

    public Optional<string> Value { get; init; }

    public Optional<bool?> Invert { get; init; }
}
