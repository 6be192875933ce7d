using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.IdentityProviders;

internal sealed record IdentityProviderBody(IdentityProviderWrite IdentityProvider);

internal sealed record IdentityProviderWrite
{
    public Optional<string> DomainId { get; set; }

    public bool? Enabled { get; set; }

    public Optional<string> Description { get; set; }

    public Optional<long?> AuthorizationTtl { get; set; }

    public Optional<IReadOnlyList<string?>> RemoteIds { get; set; }

    public bool IsEmpty => Enabled is null && !Description.Given && !AuthorizationTtl.Given && !RemoteIds.Given && !DomainId.Given;
}

internal sealed record IdentityProviderLinks(string Self, string Protocols);

internal sealed record IdentityProviderView(
    string Id, string DomainId, bool Enabled, string? Description, long? AuthorizationTtl, IReadOnlyList<string> RemoteIds, IdentityProviderLinks Links)
{
    public static IdentityProviderView From(IdentityProviderRow row, House house)
    {
        var self = house.Link("/OS-FEDERATION/identity_providers/" + row.Id);
        return new(
            row.Id, row.DomainId, row.Enabled, row.Description, row.AuthorizationTtl, Members.ShowTags(row.RemoteIds), new(self, self + "/protocols"));
    }
}

[JsonSerializable(typeof(IdentityProviderBody))]
[JsonSerializable(typeof(IdentityProviderView))]
internal sealed partial class IdentityProviderJson : JsonSerializerContext
{
    public static readonly IdentityProviderJson Wire = new(WireJson.Options());
}
