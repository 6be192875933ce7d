using Sovereign.Identity.AccessTokens;
using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Consumers;
using Sovereign.Identity.Model;
using Sovereign.Identity.UserCredentials;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

/// <summary>What the methods of a login proved.</summary>
internal sealed record Evidence(UserEntry User, AuthMethods Methods)
{
    /// <summary>Set when a token was exchanged: the new one does not outlive it.</summary>
    public long? ExpiresAt { get; init; }

    public byte[]? ParentAuditId { get; init; }

    public CredentialEntry? Credential { get; init; }

    public AccessEntry? Access { get; init; }

    public Evidence And(Evidence other) => this with
    {
        Methods = Methods | other.Methods,
        ExpiresAt = ExpiresAt ?? other.ExpiresAt,
        ParentAuditId = ParentAuditId ?? other.ParentAuditId,
        Credential = Credential ?? other.Credential,
        Access = Access ?? other.Access,
    };
}

/// <summary>Checks what a client shows of itself, method by method. A refusal never says which part was wrong.</summary>
internal sealed class EvidenceCheck(
    House house, TokenResolver resolver, Passwords passwords, PasswordPolicy policy, Secrets secrets, AccessTokenService accesses)
{
    private IdentityModel Model => house.Model;

    public async Task<Outcome<Evidence>> Check(string method, IdentityWish wish, Call call)
    {
        switch (method)
        {
            case "password":
                return wish.Password is null ? Missing("password") : await ByPassword(wish.Password.User, call);
            case "token":
                return wish.Token is null ? Missing("token") : ByToken(wish.Token.Id);
            case "application_credential":
                return wish.ApplicationCredential is null ? Missing("application_credential") : ByCredential(wish.ApplicationCredential);
            case "totp":
                return wish.Totp is null ? Missing("totp") : ByPasscode(wish.Totp.User);
            case "oauth1":
                return await BySignature(call);
            default:
                return new Fault.Unauthorized("Attempted to authenticate with an unsupported method.");
        }
    }

    public string? DomainId(NamedWish? domain) =>
        domain?.Id ?? (domain?.Name is { } name ? Model.Domains.FindNamed("", name)?.Id : null);

    private static Fault.Invalid Missing(string method) => new(
        $"auth/identity/{method}", $"Expecting to find {method} in identity. The server could not comply with the request.");

    private static Fault.Invalid Unnamed(string method) => new(
        $"auth/identity/{method}/user", "Expecting to find id, or name and domain, in user. The server could not comply with the request.");

    private async Task<Outcome<Evidence>> ByPassword(PasswordUserWish wish, Call call)
    {
        if (wish.Id is null && (wish.Name is null || wish.Domain is null)) return Unnamed("password");
        var user = Named(wish.Id, wish.Name, wish.Domain);
        var login = user is null ? null : house.Kernel.Database.Read(session => PasswordPolicy.Login(session, user.Id));
        if (wish.Password.Length > Passwords.LengthMax) return TokenResolver.Refused;
        var now = house.Kernel.Clock.Now();
        // Who is locked out costs as much as anybody and learns nothing.
        var isLocked = login is not null && policy.IsLocked(login, now);
        var verified = await passwords.Verify(wish.Password, login?.Password, call.Stop);
        if (verified.Fault is { } busy) return busy;
        if (isLocked || user is null || login is null) return TokenResolver.Refused;
        await Counted(user, login, verified.Value, call.Stop);
        if (!verified.Value) return TokenResolver.Refused;
        if (policy.IsExpired(login, now)) return new Fault.Unauthorized($"The password is expired and needs to be changed for user: {user.Id}.");

        // The password may have been changed, or the user disabled, while the old one was verified.
        return Model.Users.Find(user.Id) is { } still && still.RevokedBefore == user.RevokedBefore && still.Enabled
            ? new Evidence(still, AuthMethods.Password)
            : TokenResolver.Refused;
    }

    /// <summary>Writes only where wrong passwords count: for most clouds and logins that is never.</summary>
    private async Task Counted(UserEntry user, LoginRow login, bool isRight, CancellationToken stop)
    {
        if (!policy.CountsFailures(login) || (isRight && login.FailedLogins == 0)) return;
        await house.Kernel.Queue.Write<Done>("user.login", Origin.System, tx =>
        {
            if (isRight) PasswordPolicy.Succeeded(tx, user.Id);
            else policy.Failed(tx, user.Id);
            return Done.Value;
        }, stop);
    }

    private Outcome<Evidence> ByToken(string token)
    {
        // The original answers 404 here, and its clients rely on it.
        if (resolver.Find(token) is not { } resolved || Model.Users.Find(resolved.Payload.UserId) is not { } user)
        {
            return new Fault.NotFound("token", "the token is not valid");
        }

        var payload = resolved.Payload;
        if (payload.ApplicationCredentialId is not null || payload.TrustId is not null
            || (payload.Methods & (AuthMethods.Ec2Credential | AuthMethods.OAuth1)) != 0)
        {
            return new Fault.Forbidden("A token of an application credential, a trust or a signature can't be exchanged for another one.");
        }

        return new Evidence(user, payload.Methods | AuthMethods.Token)
        {
            ExpiresAt = payload.ExpiresAt, ParentAuditId = payload.ParentAuditId ?? payload.AuditId,
        };
    }

    private Outcome<Evidence> ByPasscode(TotpUserWish wish)
    {
        if (wish.Id is null && (wish.Name is null || wish.Domain is null)) return Unnamed("totp");
        if (Named(wish.Id, wish.Name, wish.Domain) is not { Enabled: true } user) return TokenResolver.Refused;
        var now = house.Kernel.Clock.Now();
        var isRight = house.Kernel.Database.Read(session => UserCredentialStore.OfUser(session, user.Id, UserCredentialRow.Totp)
            .Select(row => UserCredentialStore.Open(session, house, row)).OfType<OpenedCredential>()
            .Any(opened => OneTimePasswords.IsRight(wish.Passcode, opened.Blob, now)));
        return isRight ? new Evidence(user, AuthMethods.Totp) : TokenResolver.Refused;
    }

    private Outcome<Evidence> ByCredential(CredentialWish wish)
    {
        CredentialEntry? credential = null;
        if (wish.Id is not null)
        {
            credential = Model.Credential(wish.Id);
        }
        else if (wish.Name is { } name && wish.User is { } owner && Named(owner.Id, owner.Name, owner.Domain) is { } named)
        {
            var id = house.Kernel.Database.Read(session => session.Scalar<string>(
                "SELECT id FROM application_credentials WHERE user_id = @Id AND name = @name",
                new { named.Id, name = name.Replace("\0", "", StringComparison.Ordinal) }));
            credential = Model.Credential(id);
        }

        var right = secrets.Verify(wish.Secret, credential?.Secret);
        if (!right || credential is null || credential.ExpiredAt(house.Kernel.Clock.Now())) return TokenResolver.Refused;
        return Model.Users.Find(credential.UserId) is { Enabled: true } user
            ? new Evidence(user, AuthMethods.ApplicationCredential) { Credential = credential }
            : TokenResolver.Refused;
    }

    private async Task<Outcome<Evidence>> BySignature(Call call)
    {
        var request = OAuthRequest.Of(call, "oauth_token");
        if (request.Fault is { } wrong) return wrong;
        return (await accesses.Signed(call.Origin, request.Value, call.Stop)).Then<Evidence>(row =>
            Model.Access(row.Id) is { } access && Model.Users.Find(access.UserId) is { Enabled: true } user
                ? new Evidence(user, AuthMethods.OAuth1) { Access = access } : TokenResolver.Refused);
    }

    private UserEntry? Named(string? id, string? name, NamedWish? domain)
    {
        if (id is not null) return Model.Users.Find(id);
        return name is not null && DomainId(domain) is { } domainId ? Model.Users.FindNamed(domainId, name) : null;
    }
}
