using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Listeners;
using Sovereign.LoadBalancer.Pools;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.LoadBalancers;

internal sealed record LoadBalancerView : PartView
{
    public string Description { get; set; } = "";

    public string VipAddress { get; set; } = "";

    public string VipPortId { get; set; } = "";

    public string VipSubnetId { get; set; } = "";

    public string VipNetworkId { get; set; } = "";

    public string? VipQosPolicyId { get; set; }

    public string VipVnicType { get; set; } = "normal";

    public IReadOnlyList<string> VipSgIds { get; set; } = [];

    public IReadOnlyList<VipView> AdditionalVips { get; set; } = [];

    public IReadOnlyList<IdView> Listeners { get; set; } = [];

    public IReadOnlyList<IdView> Pools { get; set; } = [];

    public string Provider { get; set; } = "";

    public string? FlavorId { get; set; }

    public string? AvailabilityZone { get; set; }

    public static LoadBalancerView Of(Tree tree)
    {
        var row = tree.Balancer;
        return new LoadBalancerView
        {
            Id = row.Id, Name = row.Name, Description = row.Description, ProjectId = row.ProjectId, AdminStateUp = row.Enabled,
            ProvisioningStatus = row.Provisioning, OperatingStatus = row.Operating, CreatedAt = Times.Of(row.CreatedAt), UpdatedAt = Times.Of(row.UpdatedAt),
            Tags = Checks.Texts(row.Tags), VipAddress = row.VipAddress, VipPortId = row.VipPortId, VipSubnetId = row.VipSubnetId,
            VipNetworkId = row.VipNetworkId, VipQosPolicyId = row.QosPolicyId, VipSgIds = Checks.Texts(row.VipGroups), Provider = row.Provider,
            FlavorId = row.FlavorId, AvailabilityZone = row.Zone,
            Listeners = tree.Of(Kinds.Listener).Select(part => new IdView(part.Id)).ToList(),
            Pools = tree.Of(Kinds.Pool).Select(part => new IdView(part.Id)).ToList(),
        };
    }
}

/// <summary>A further address beside the first.</summary>
internal sealed record VipView(string? SubnetId = null, string? IpAddress = null, string? NetworkId = null, string? PortId = null);

internal sealed record LoadBalancerWish : PartWish
{
    public Optional<string> VipAddress { get; init; }

    public Optional<string> VipPortId { get; init; }

    public Optional<string> VipSubnetId { get; init; }

    public Optional<string> VipNetworkId { get; init; }

    public Optional<string> VipQosPolicyId { get; init; }

    public Optional<IReadOnlyList<string>> VipSgIds { get; init; }

    public Optional<IReadOnlyList<VipView>> AdditionalVips { get; init; }

    public Optional<string> Provider { get; init; }

    public Optional<string> FlavorId { get; init; }

    public Optional<string> AvailabilityZone { get; init; }

    public Optional<IReadOnlyList<ListenerWish>> Listeners { get; init; }

    public Optional<IReadOnlyList<PoolWish>> Pools { get; init; }
}
