using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Rbac;

internal sealed record RbacPolicyView
{
    public string Id { get; init; } = "";

    public string TenantId { get; init; } = "";

    public string ObjectType { get; init; } = "";

    public string ObjectId { get; init; } = "";

    public string Action { get; init; } = "";

    public string TargetTenant { get; init; } = "";

    public string ProjectId { get; init; } = "";
}

internal sealed record RbacPolicyBody
{
    public RbacPolicyWish? RbacPolicy { get; init; }

    public IReadOnlyList<RbacPolicyWish>? RbacPolicies { get; init; }
}

internal sealed record RbacPolicyWish
{
    public Optional<string> ObjectType { get; init; }

    public Optional<string> ObjectId { get; init; }

    public Optional<string> Action { get; init; }

    public Optional<string> TargetTenant { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}
