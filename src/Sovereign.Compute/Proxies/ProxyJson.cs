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

/// <param name="Pool">Name or id of an external network.</param>
internal sealed record FloatingIpBody(string? Pool = null);

internal sealed record FloatingAddress(string Address, string? FixedAddress = null);

/// <param name="NetworkId">A text or a number.</param>
internal sealed record FixedNetwork([property: JsonPropertyName("networkId")] JsonElement NetworkId);

internal sealed record FixedAddress(string Address);

internal sealed record ImageMetadataBody(Dictionary<string, string> Metadata);

internal sealed record ImageMetaBody(Dictionary<string, string> Meta);

[JsonSerializable(typeof(GroupBody))]
[JsonSerializable(typeof(RuleBody))]
[JsonSerializable(typeof(FloatingIpBody))]
[JsonSerializable(typeof(FloatingAddress))]
[JsonSerializable(typeof(FixedNetwork))]
[JsonSerializable(typeof(FixedAddress))]
[JsonSerializable(typeof(ImageMetadataBody))]
[JsonSerializable(typeof(ImageMetaBody))]
internal sealed partial class ProxyJson : JsonSerializerContext
{
    public static readonly ProxyJson Wire = new(WireJson.Options());
}
