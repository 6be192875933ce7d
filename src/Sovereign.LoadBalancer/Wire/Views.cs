namespace Sovereign.LoadBalancer.Wire;

/// <summary>A reference in a list: {"id": "…"}.</summary>
internal sealed record IdView(string Id);

/// <summary>What every resource shows.</summary>
internal abstract record PartView
{
    public string Id { get; set; } = "";

    public string? Name { get; set; }

    public string ProvisioningStatus { get; set; } = "";

    public string OperatingStatus { get; set; } = "";

    public bool AdminStateUp { get; set; } = true;

    public string ProjectId { get; set; } = "";

    public string TenantId => ProjectId;

    public string CreatedAt { get; set; } = "";

    public string? UpdatedAt { get; set; }

    public IReadOnlyList<string> Tags { get; set; } = [];
}
