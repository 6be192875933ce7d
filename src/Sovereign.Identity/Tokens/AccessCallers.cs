using System.Text;
using Sovereign.Identity.Model;
using Sovereign.Identity.UserCredentials;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

/// <summary>The kernel's access contract: callers by their tokens, and by the access keys with which they sign.</summary>
internal sealed class AccessCallers(House house, TokenResolver resolver) : ICallers
{
    private static readonly byte[] noAudit = new byte[16];

    public Outcome<Caller> Resolve(string token) => resolver.Resolve(token);

    public Outcome<SigningKey> FindKey(string accessKey)
    {
        var id = UserCredentialRow.IdOfAccess(accessKey);
        var opened = house.Kernel.Database.Read(session => UserCredentialStore.Find(session, id) is { Type: UserCredentialRow.Ec2 } row
            ? UserCredentialStore.Open(session, house, row) : null);
        if (opened is null) return TokenResolver.Refused;
        var pair = Call.Parse(Encoding.UTF8.GetBytes(opened.Blob), UserCredentialJson.Wire.Ec2Blob);
        if (pair.Fault is not null || pair.Value.Secret is not { Length: > 0 } secret || Speaker(opened.Row) is not { } caller) return TokenResolver.Refused;
        return new SigningKey(accessKey, secret, caller);
    }

    /// <summary>Whom the key speaks for now; what made the credential bounds what it may. A trust whose uses are counted can't be used by requests that count
    /// nothing.</summary>
    private Caller? Speaker(UserCredentialRow row)
    {
        if (row.ProjectId is null || house.Model.Users.Find(row.UserId) is null) return null;
        var trust = house.Model.Trust(row.TrustId);
        if (row.TrustId is not null && (trust is null || trust.ProjectId != row.ProjectId || trust.RemainingUses >= 0)) return null;
        var credential = house.Model.Credential(row.ApplicationCredentialId);
        if (row.ApplicationCredentialId is not null && credential?.ProjectId != row.ProjectId) return null;
        var now = house.Kernel.Clock.Now();
        var payload = new TokenPayload(
            trust?.ActorId ?? row.UserId, ScopeKind.Project, row.ProjectId, AuthMethods.Ec2Credential, now, now + Micros.PerSecond, noAudit, null, credential?.Id,
                trust?.Id);
        // A credential for named calls alone has no name for what is signed.
        return resolver.Derive(payload)?.Caller is { Calls: null } caller ? caller : null;
    }
}
