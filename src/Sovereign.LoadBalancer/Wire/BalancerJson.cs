using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Flavors;
using Sovereign.LoadBalancer.HealthMonitors;
using Sovereign.LoadBalancer.L7Policies;
using Sovereign.LoadBalancer.L7Rules;
using Sovereign.LoadBalancer.Listeners;
using Sovereign.LoadBalancer.LoadBalancers;
using Sovereign.LoadBalancer.Members;
using Sovereign.LoadBalancer.Pools;
using Sovereign.LoadBalancer.Providers;
using Sovereign.LoadBalancer.Trees;

namespace Sovereign.LoadBalancer.Wire;

/// <summary>Every record of this service on the wire and in rows, and what members that may be left out hold.</summary>
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(long?))]
[JsonSerializable(typeof(double?))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, JsonElement>))]
[JsonSerializable(typeof(IReadOnlyList<MemberWish>))]
[JsonSerializable(typeof(IReadOnlyList<PoolWish>))]
[JsonSerializable(typeof(IReadOnlyList<ListenerWish>))]
[JsonSerializable(typeof(IReadOnlyList<PolicyWish>))]
[JsonSerializable(typeof(IReadOnlyList<RuleWish>))]
[JsonSerializable(typeof(IReadOnlyList<VipView>))]
[JsonSerializable(typeof(PersistenceView))]
[JsonSerializable(typeof(LoadBalancerWish))]
[JsonSerializable(typeof(LoadBalancerView))]
[JsonSerializable(typeof(ListenerWish))]
[JsonSerializable(typeof(ListenerView))]
[JsonSerializable(typeof(PoolWish))]
[JsonSerializable(typeof(PoolView))]
[JsonSerializable(typeof(MemberWish))]
[JsonSerializable(typeof(MemberView))]
[JsonSerializable(typeof(MonitorWish))]
[JsonSerializable(typeof(MonitorView))]
[JsonSerializable(typeof(PolicyWish))]
[JsonSerializable(typeof(PolicyView))]
[JsonSerializable(typeof(RuleWish))]
[JsonSerializable(typeof(RuleView))]
[JsonSerializable(typeof(FlavorWish))]
[JsonSerializable(typeof(FlavorView))]
[JsonSerializable(typeof(ProfileWish))]
[JsonSerializable(typeof(ProfileView))]
[JsonSerializable(typeof(ProviderList))]
[JsonSerializable(typeof(PartRow))]
[JsonSerializable(typeof(BalancerRow))]
internal sealed partial class BalancerJson : JsonSerializerContext
{
    public static readonly BalancerJson Wire = new(WireJson.Options());
}
