using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Protocols;

internal sealed record ProtocolBody(ProtocolWrite Protocol);

internal sealed record ProtocolWrite
{
    [JsonRequired]
    public string MappingId { get; set; } = "";

    public Optional<string> RemoteIdAttribute { get; set; }
}

internal sealed record ProtocolLinks(string Self, string IdentityProvider);

internal sealed record ProtocolView(string Id, string MappingId, ProtocolLinks Links)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RemoteIdAttribute { get; init; }

    public static ProtocolView From(ProtocolRow row, House house)
    {
        var provider = house.Link("/OS-FEDERATION/identity_providers/" + row.IdpId);
        return new(row.ProtocolId, row.MappingId, new($"{provider}/protocols/{row.ProtocolId}", provider)) { RemoteIdAttribute = row.RemoteIdAttribute };
    }
}

[JsonSerializable(typeof(ProtocolBody))]
[JsonSerializable(typeof(ProtocolView))]
internal sealed partial class ProtocolJson : JsonSerializerContext
{
    public static readonly ProtocolJson Wire = new(WireJson.Options());
}
