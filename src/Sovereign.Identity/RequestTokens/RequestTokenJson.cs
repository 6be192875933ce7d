using System.Text.Json.Serialization;
using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.RequestTokens;

/// <summary>The roles that the user lends.</summary>
internal sealed record AuthorizeBody(IReadOnlyList<RoleChoice> Roles);

internal sealed record AuthorizeAnswer(VerifierView Token);

internal sealed record VerifierView(string OauthVerifier);

/// <summary>A request token as the journal has it: without its secret.</summary>
internal sealed record RequestTokenDocument(string Id, string ConsumerId, string ProjectId, string? UserId, long ExpiresAt, IReadOnlyList<string> RoleIds);

[JsonSerializable(typeof(AuthorizeBody))]
[JsonSerializable(typeof(AuthorizeAnswer))]
[JsonSerializable(typeof(RequestTokenDocument))]
internal sealed partial class RequestTokenJson : JsonSerializerContext
{
    public static readonly RequestTokenJson Wire = new(WireJson.Options(refuseUnknown: false));
}
