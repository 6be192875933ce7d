using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Protocols;

/// <summary>How an identity provider says who someone is, and the mapping that makes a user of it.</summary>
internal sealed record ProtocolRow : IRow
{
    /// <summary>Unique within the cloud, since a protocol's own name is unique within its provider: no id contains a slash.</summary>
    public string Id => $"{IdpId}/{ProtocolId}";

    public string IdpId { get; init; } = "";

    /// <summary>"openid", "saml2", or what the operator calls it.</summary>
    public string ProtocolId { get; init; } = "";

    public string MappingId { get; init; } = "";

    /// <summary>The attribute of an assertion that names the provider; null: the cloud's default.</summary>
    public string? RemoteIdAttribute { get; init; }
}
