using System.Text;
using Sovereign.Identity.Consumers;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.RequestTokens;

internal sealed class RequestTokenEndpoints(RequestTokenService tokens)
{
    private const string ProjectHeader = "Requested-Project-Id";

    public void Map(Routes api)
    {
        api.Post("/OS-OAUTH1/request_token", "identity:create_request_token", Create);
        api.Put("/OS-OAUTH1/authorize/{request_token_id}", "identity:authorize_request_token", Authorize);
    }

    /// <summary>A token and its secret in the form that RFC 5849 has.</summary>
    public static Answer Form(Outcome<GivenToken> given) => Answer.Of(given, token => Answer.Bytes(
        201,
        Encoding.ASCII.GetBytes($"oauth_token={token.Id}&oauth_token_secret={token.Secret}&oauth_expires_at={Micros.ToMicrosZ(token.ExpiresAt)}"),
        "application/x-www-form-urlencoded"));

    private async Task<Answer> Create(Call call)
    {
        var request = OAuthRequest.Of(call, "oauth_callback");
        if (request.Fault is { } wrong) return wrong;
        if (call.Header(ProjectHeader) is not { Length: > 0 } project) return new Fault.Invalid(ProjectHeader, $"The header {ProjectHeader} is required.");
        return Form(await tokens.Create(call.Origin, request.Value, project, call.Stop));
    }

    private async Task<Answer> Authorize(Call call)
    {
        var body = await call.Body(RequestTokenJson.Wire.AuthorizeBody);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(await tokens.Authorize(call.Access, call.Route("request_token_id"), body.Value.Roles, call.Stop), verifier =>
            Answer.Json(200, new AuthorizeAnswer(new(verifier)), RequestTokenJson.Wire.AuthorizeAnswer));
    }
}
