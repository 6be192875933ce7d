using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Proxies;

internal sealed record GroupBody(GroupWish SecurityGroup);

internal sealed record GroupWish(string? Name = null, string? Description = null);

internal sealed record RuleBody(RuleWish SecurityGroupRule);

/// <summary>Ports may come as numbers or as text.</summary>
internal sealed record RuleWish(
    string? ParentGroupId = null, string? IpProtocol = null, JsonElement? FromPort = null, JsonElement? ToPort = null, string? Cidr = null, string? GroupId = null);

[JsonSerializable(typeof(GroupBody))]
[JsonSerializable(typeof(RuleBody))]
internal sealed partial class ProxyJson : JsonSerializerContext
{
    public static readonly ProxyJson Wire = new(WireJson.Options());
}
