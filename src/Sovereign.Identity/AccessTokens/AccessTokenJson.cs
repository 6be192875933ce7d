using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.AccessTokens;

internal sealed record AccessTokenLinks(string Self, string Roles);

internal sealed record AccessTokenView(string Id, string ConsumerId, string AuthorizingUserId, string ProjectId, string ExpiresAt, AccessTokenLinks Links)
{
    public static AccessTokenView From(AccessTokenRow row, House house)
    {
        var self = house.Link($"/users/{row.UserId}/OS-OAUTH1/access_tokens/{row.Id}");
        return new(row.Id, row.ConsumerId, row.UserId, row.ProjectId, Micros.ToMicrosZ(row.ExpiresAt), new(self, self + "/roles"));
    }
}

[JsonSerializable(typeof(AccessTokenView))]
internal sealed partial class AccessTokenJson : JsonSerializerContext
{
    public static readonly AccessTokenJson Wire = new(WireJson.Options());
}
