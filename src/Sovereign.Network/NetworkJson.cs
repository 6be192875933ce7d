using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.Network.AddressGroups;
using Sovereign.Network.AddressScopes;
using Sovereign.Network.Agents;
using Sovereign.Network.AutoTopologies;
using Sovereign.Network.ConntrackHelpers;
using Sovereign.Network.Extensions;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Logs;
using Sovereign.Network.Metering;
using Sovereign.Network.Networks;
using Sovereign.Network.PortForwardings;
using Sovereign.Network.Ports;
using Sovereign.Network.Qos;
using Sovereign.Network.Quotas;
using Sovereign.Network.Rbac;
using Sovereign.Network.RouterFlavors;
using Sovereign.Network.Routers;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.SegmentRanges;
using Sovereign.Network.Segments;
using Sovereign.Network.SubnetPools;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;

namespace Sovereign.Network;

/// <summary>Every record of this service on the wire, and what members that may be left out hold.</summary>
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(long?))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<JsonElement>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, JsonElement>))]
[JsonSerializable(typeof(IReadOnlyList<PoolView>))]
[JsonSerializable(typeof(IReadOnlyList<RouteView>))]
[JsonSerializable(typeof(IReadOnlyList<FixedIpView>))]
[JsonSerializable(typeof(IReadOnlyList<AddressPairView>))]
[JsonSerializable(typeof(IReadOnlyList<DhcpOptionView>))]
[JsonSerializable(typeof(RbacPolicyView))]
[JsonSerializable(typeof(RbacPolicyBody))]
[JsonSerializable(typeof(AddressScopeView))]
[JsonSerializable(typeof(AddressScopeBody))]
[JsonSerializable(typeof(SubnetPoolView))]
[JsonSerializable(typeof(SubnetPoolBody))]
[JsonSerializable(typeof(PrefixesBody))]
[JsonSerializable(typeof(OnboardBody))]
[JsonSerializable(typeof(AddressGroupView))]
[JsonSerializable(typeof(AddressGroupBody))]
[JsonSerializable(typeof(AddressesBody))]
[JsonSerializable(typeof(QosPolicyView))]
[JsonSerializable(typeof(QosPolicyBody))]
[JsonSerializable(typeof(BandwidthLimitView))]
[JsonSerializable(typeof(BandwidthLimitBody))]
[JsonSerializable(typeof(QosRuleTypesAnswer))]
[JsonSerializable(typeof(QosRuleTypeAnswer))]
[JsonSerializable(typeof(AgentsAnswer))]
[JsonSerializable(typeof(AgentAnswer))]
[JsonSerializable(typeof(AgentBody))]
[JsonSerializable(typeof(NetworkToServe))]
[JsonSerializable(typeof(RouterToServe))]
[JsonSerializable(typeof(AutoTopologyAnswer))]
[JsonSerializable(typeof(RouterFlavorView))]
[JsonSerializable(typeof(RouterFlavorBody))]
[JsonSerializable(typeof(ServiceProfileView))]
[JsonSerializable(typeof(ServiceProfileBody))]
[JsonSerializable(typeof(ProfileChoiceBody))]
[JsonSerializable(typeof(SegmentView))]
[JsonSerializable(typeof(SegmentBody))]
[JsonSerializable(typeof(SegmentRangeView))]
[JsonSerializable(typeof(SegmentRangeBody))]
[JsonSerializable(typeof(DefaultRuleView))]
[JsonSerializable(typeof(DefaultRuleBody))]
[JsonSerializable(typeof(GatewayWish))]
[JsonSerializable(typeof(NetworkView))]
[JsonSerializable(typeof(NetworkBody))]
[JsonSerializable(typeof(SubnetView))]
[JsonSerializable(typeof(SubnetBody))]
[JsonSerializable(typeof(PortView))]
[JsonSerializable(typeof(PortBody))]
[JsonSerializable(typeof(RouterView))]
[JsonSerializable(typeof(RouterBody))]
[JsonSerializable(typeof(InterfaceWish))]
[JsonSerializable(typeof(InterfaceView))]
[JsonSerializable(typeof(FloatingIpView))]
[JsonSerializable(typeof(FloatingIpBody))]
[JsonSerializable(typeof(PortForwardingView))]
[JsonSerializable(typeof(PortForwardingBody))]
[JsonSerializable(typeof(ConntrackHelperView))]
[JsonSerializable(typeof(ConntrackHelperBody))]
[JsonSerializable(typeof(MeteringLabelView))]
[JsonSerializable(typeof(MeteringLabelBody))]
[JsonSerializable(typeof(MeteringRuleView))]
[JsonSerializable(typeof(MeteringRuleBody))]
[JsonSerializable(typeof(NetworkLogView))]
[JsonSerializable(typeof(NetworkLogBody))]
[JsonSerializable(typeof(LoggableResourcesAnswer))]
[JsonSerializable(typeof(GroupView))]
[JsonSerializable(typeof(GroupBody))]
[JsonSerializable(typeof(RuleView))]
[JsonSerializable(typeof(RuleBody))]
[JsonSerializable(typeof(QuotaBody))]
[JsonSerializable(typeof(QuotaAnswer))]
[JsonSerializable(typeof(QuotaDetails))]
[JsonSerializable(typeof(QuotaList))]
[JsonSerializable(typeof(TagsBody))]
[JsonSerializable(typeof(ExtensionsAnswer))]
[JsonSerializable(typeof(ExtensionAnswer))]
[JsonSerializable(typeof(VersionsAnswer))]
[JsonSerializable(typeof(ResourcesAnswer))]
[JsonSerializable(typeof(ZonesAnswer))]
[JsonSerializable(typeof(ProvidersAnswer))]
[JsonSerializable(typeof(NetworkAvailabilityAnswer))]
[JsonSerializable(typeof(NetworkAvailabilitiesAnswer))]
internal sealed partial class NetworkJson : JsonSerializerContext
{
    public static readonly NetworkJson Wire = new(WireJson.Options());
}
