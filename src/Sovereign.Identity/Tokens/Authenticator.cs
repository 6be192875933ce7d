using System.Text.Json;
using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Model;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

/// <summary>A token as it is issued.</summary>
internal sealed record Issued(string Token, ResolvedToken Resolved);

/// <summary>Checks credentials and issues tokens. Issuing writes nothing; a refusal never says which part was wrong.</summary>
internal sealed class Authenticator(House house, TokenResolver resolver, Passwords passwords, Secrets secrets, TimeSpan lifetime)
{
    private const int AuditIdBytes = 16;
    private IdentityModel Model => house.Model;

    /// <param name="call">Only verifying a password takes time, and so only that asks for the call's time limit.</param>
    public async Task<Outcome<Issued>> Authenticate(AuthWish wish, Call call)
    {
        if (wish.Identity.Methods.Count == 0) return new Fault.Invalid("auth/identity/methods", "Invalid input for field 'identity/methods': it is empty.");
        Evidence? all = null;
        foreach (var method in wish.Identity.Methods.Distinct(StringComparer.Ordinal))
        {
            var one = await Check(method, wish.Identity, call);
            if (one.Fault is { } refused) return refused;
            if (all is not null && all.User.Id != one.Value.User.Id) return TokenResolver.Refused;
            all = all is null ? one.Value : all.And(one.Value);
        }

        return Scope(all!, wish.Scope).Then(scope => Issue(all!, scope));
    }

    private async Task<Outcome<Evidence>> Check(string method, IdentityWish wish, Call call)
    {
        switch (method)
        {
            case "password":
                return wish.Password is null ? Missing("password") : await ByPassword(wish.Password.User, call.Stop);
            case "token":
                return wish.Token is null ? Missing("token") : ByToken(wish.Token.Id);
            case "application_credential":
                return wish.ApplicationCredential is null ? Missing("application_credential") : ByCredential(wish.ApplicationCredential);
            default:
                return new Fault.Unauthorized("Attempted to authenticate with an unsupported method.");
        }
    }

    private static Fault.Invalid Missing(string method) => new($"auth/identity/{method}", $"Expecting to find {method} in identity. The server could not comply with the request.");

    private async Task<Outcome<Evidence>> ByPassword(PasswordUserWish wish, CancellationToken stop)
    {
        if (wish.Id is null && (wish.Name is null || wish.Domain is null))
        {
            return new Fault.Invalid("auth/identity/password/user", "Expecting to find id, or name and domain, in user. The server could not comply with the request.");
        }

        var user = Named(wish.Id, wish.Name, wish.Domain);
        var stored = user is null ? null : house.Kernel.Database.Read(session => UserStore.Password(session, user.Id));
        if (wish.Password.Length > Passwords.LengthMax) return TokenResolver.Refused;
        var verified = await passwords.Verify(wish.Password, stored, stop);
        if (verified.Fault is { } busy) return busy;
        if (!verified.Value || user is null) return TokenResolver.Refused;

        // The password may have been changed, or the user disabled, while the old one was verified.
        return Model.Users.Find(user.Id) is { } now && now.RevokedBefore == user.RevokedBefore && now.Enabled
            ? new Evidence(now, AuthMethods.Password)
            : TokenResolver.Refused;
    }

    private Outcome<Evidence> ByToken(string token)
    {
        if (resolver.Find(token) is not { } resolved || Model.Users.Find(resolved.Payload.UserId) is not { } user) return TokenResolver.Refused;
        if (resolved.Payload.ApplicationCredentialId is not null)
        {
            return new Fault.Forbidden("A token of an application credential can't be exchanged for another one.");
        }

        return new Evidence(user, resolved.Payload.Methods | AuthMethods.Token)
        {
            ExpiresAt = resolved.Payload.ExpiresAt, ParentAuditId = resolved.Payload.ParentAuditId ?? resolved.Payload.AuditId,
        };
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
                "SELECT id FROM application_credentials WHERE user_id = @Id AND name = @name", new { named.Id, name = name.Replace("\0", "", StringComparison.Ordinal) }));
            credential = Model.Credential(id);
        }

        var right = secrets.Verify(wish.Secret, credential?.Secret);
        if (!right || credential is null || credential.ExpiredAt(house.Kernel.Clock.Now())) return TokenResolver.Refused;
        return Model.Users.Find(credential.UserId) is { Enabled: true } user
            ? new Evidence(user, AuthMethods.ApplicationCredential) { Credential = credential }
            : TokenResolver.Refused;
    }

    private UserEntry? Named(string? id, string? name, NamedWish? domain)
    {
        if (id is not null) return Model.Users.Find(id);
        return name is not null && DomainId(domain) is { } domainId ? Model.Users.FindNamed(domainId, name) : null;
    }

    private string? DomainId(NamedWish? domain) =>
        domain?.Id ?? (domain?.Name is { } name ? Model.Domains.FindNamed("", name)?.Id : null);

    private Outcome<(ScopeKind Kind, string? Id)> Scope(Evidence evidence, JsonElement? wish)
    {
        if (evidence.Credential is { } credential)
        {
            return wish is null or { ValueKind: JsonValueKind.Null } ? (ScopeKind.Project, credential.ProjectId) : TokenResolver.Refused;
        }

        if (wish is not { } given || given.ValueKind == JsonValueKind.Null) return DefaultScope(evidence.User);
        if (given.ValueKind == JsonValueKind.String && given.ValueEquals("unscoped")) return (ScopeKind.None, null);
        if (given.ValueKind != JsonValueKind.Object) return Wrong();
        return Call.Parse(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(given).ToArray(), TokenJson.Wire.ScopeWish).Then(Chosen);
    }

    private (ScopeKind Kind, string? Id) DefaultScope(UserEntry user)
    {
        var project = Model.Projects.Find(user.DefaultProjectId);
        var stands = project is { Enabled: true } && Model.Domains.Find(project.DomainId) is { Enabled: true };
        return stands && Model.EffectiveRoles(user.Id, ScopeKind.Project, project!.Id).Count > 0 ? (ScopeKind.Project, project.Id) : (ScopeKind.None, null);
    }

    private Outcome<(ScopeKind Kind, string? Id)> Chosen(ScopeWish wish)
    {
        var given = (wish.Project is null ? 0 : 1) + (wish.Domain is null ? 0 : 1) + (wish.System is null ? 0 : 1) + (wish.Unscoped is null ? 0 : 1);
        if (given != 1) return Wrong();
        if (wish.Unscoped is not null) return (ScopeKind.None, null);
        if (wish.System is { } system)
        {
            var all = system.ValueKind == JsonValueKind.Object && system.TryGetProperty("all", out var value) && value.ValueKind == JsonValueKind.True;
            return all ? (ScopeKind.System, null) : Wrong();
        }

        if (wish.Domain is { } domain)
        {
            if (domain.Id is null && domain.Name is null) return Wrong();
            return DomainId(domain) is { } id && Model.Domains.Find(id) is not null ? (ScopeKind.Domain, id) : TokenResolver.Refused;
        }

        var project = wish.Project!;
        if (project.Id is not null) return Model.Projects.Find(project.Id) is { } byId ? (ScopeKind.Project, byId.Id) : TokenResolver.Refused;
        if (project.Name is null || project.Domain is null) return Wrong();
        return DomainId(project.Domain) is { } of && Model.Projects.FindNamed(of, project.Name) is { } byName
            ? (ScopeKind.Project, byName.Id)
            : TokenResolver.Refused;
    }

    private static Fault.Invalid Wrong() =>
        new("auth/scope", "Invalid input for field 'scope': one of project (id, or name and domain), domain, system (all: true) or unscoped is expected.");

    private Outcome<Issued> Issue(Evidence evidence, (ScopeKind Kind, string? Id) scope)
    {
        var now = house.Kernel.Clock.Now();
        var expires = evidence.ExpiresAt ?? now / Micros.PerSecond * Micros.PerSecond + Micros.Of(lifetime);
        if (evidence.Credential is { ExpiresAt: > 0 } credential) expires = Math.Min(expires, credential.ExpiresAt);
        var payload = new TokenPayload(
            evidence.User.Id, scope.Kind, scope.Id, evidence.Methods, now, expires, house.Kernel.Randomness.Bytes(AuditIdBytes), evidence.ParentAuditId,
            evidence.Credential?.Id);
        if (resolver.Derive(payload) is not { } resolved) return TokenResolver.Refused;
        var token = house.Kernel.Tokens.Seal(payload);
        return new Issued(token, resolved);
    }

    /// <summary>What the methods proved.</summary>
    private sealed record Evidence(UserEntry User, AuthMethods Methods)
    {
        /// <summary>Set when a token was exchanged: the new one does not outlive it.</summary>
        public long? ExpiresAt { get; init; }

        public byte[]? ParentAuditId { get; init; }

        public CredentialEntry? Credential { get; init; }

        public Evidence And(Evidence other) => this with
        {
            Methods = Methods | other.Methods,
            ExpiresAt = ExpiresAt ?? other.ExpiresAt,
            ParentAuditId = ParentAuditId ?? other.ParentAuditId,
            Credential = Credential ?? other.Credential,
        };
    }
}
