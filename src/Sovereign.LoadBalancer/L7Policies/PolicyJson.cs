using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.L7Rules;
using Sovereign.LoadBalancer.Pools;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.L7Policies;

internal sealed record PolicyView : PartView
{
    public string Description { get; set; } = "";

    public string ListenerId { get; set; } = "";

    public string Action { get; set; } = "";

    public long Position { get; set; }

    public string? RedirectPoolId { get; set; }

    public string? RedirectUrl { get; set; }

    public string? RedirectPrefix { get; set; }

    public long? RedirectHttpCode { get; set; }

    public IReadOnlyList<IdView> Rules { get; set; } = [];
}

internal sealed record PolicyWish : PartWish
{
    public Optional<string> ListenerId { get; init; }

    public Optional<string> Action { get; init; }

    public Optional<long?> Position { get; init; }

    public Optional<string> RedirectPoolId { get; init; }

    public Optional<PoolWish> RedirectPool { get; init; }

    public Optional<string> RedirectUrl { get; init; }

    public Optional<string> RedirectPrefix { get; init; }

    public Optional<long?> RedirectHttpCode { get; init; }

    public Optional<IReadOnlyList<RuleWish>> Rules { get; init; }
}
