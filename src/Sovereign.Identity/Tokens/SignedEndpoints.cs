using Sovereign.Identity.UserCredentials;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

/// <summary>Services that are given signed requests ask here whose they are.</summary>
internal sealed class SignedEndpoints(House house, Authenticator authenticator, TokenEndpoints tokens)
{
    private static readonly TimeSpan ageMax = TimeSpan.FromMinutes(15);

    public void Map(Routes api)
    {
        api.Post("/ec2tokens", "identity:ec2tokens_validate", call => Check(call, Signatures.IsEc2, withToken: true));
        api.Post("/s3tokens", "identity:s3tokens_validate", call => Check(call, Signatures.IsS3, withToken: false));
    }

    private async Task<Answer> Check(Call call, Func<SignedRequest, string, bool> isRight, bool withToken)
    {
        var body = await call.Body(UserCredentialJson.Wire.SignedBody);
        if (body.Fault is { } wrong) return wrong;
        var request = body.Value.Credentials ?? body.Value.Credential ?? body.Value.Ec2Credentials;
        if (request?.Access is not { Length: > 0 } access) return new Fault.Unauthorized("EC2 Signature not supplied");
        var opened = house.Kernel.Database.Read(session =>
            UserCredentialStore.Find(session, UserCredentialRow.IdOfAccess(access)) is { Type: UserCredentialRow.Ec2 } row
                ? UserCredentialStore.Open(session, house, row) : null);
        if (opened is null) return new Fault.NotFound("EC2 access key", access);
        var pair = Call.Parse(System.Text.Encoding.UTF8.GetBytes(opened.Blob), UserCredentialJson.Wire.Ec2Blob);
        if (pair.Fault is not null || pair.Value.Secret is not { Length: > 0 } secret || !isRight(request, secret)) return TokenResolver.Refused;
        if (!Signatures.TrySignedAt(request, out var at)) return new Fault.Unauthorized("Credential timestamp is invalid");
        if (at is { } time && house.Kernel.Clock.Now() > Micros.Of(time + ageMax)) return new Fault.Unauthorized("Credential is expired");
        var issued = await authenticator.Signed(opened.Row, call);
        return Answer.Of(issued, made => tokens.Shown(200, made.Resolved!, withToken ? made.Token : null, call));
    }
}
