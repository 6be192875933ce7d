using System.Text.Json;
using Sovereign.Identity.Model;
using Sovereign.Identity.Trusts;
using Sovereign.Identity.UserCredentials;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

/// <summary>A token as it is issued; or, when the user's rules want more methods than were shown, a receipt for those.</summary>
internal sealed record Issued(string Token, ResolvedToken? Resolved, ReceiptAnswer? Lacking = null);

/// <summary>Issues tokens for what was proved. Issuing writes nothing but the use of a trust whose uses are counted.</summary>
internal sealed class Authenticator(House house, TokenResolver resolver, EvidenceCheck evidences, TrustService trusts, Receipts receipts, TimeSpan lifetime)
{
    private const int AuditIdBytes = 16;
    private IdentityModel Model => house.Model;

    /// <param name="call">Only verifying a password takes time, and so only that asks for the call's time limit.</param>
    public async Task<Outcome<Issued>> Authenticate(AuthWish wish, Call call)
    {
        if (wish.Identity.Methods.Count == 0) return new Fault.Invalid("auth/identity/methods", "Invalid input for field 'identity/methods': it is empty.");
        Evidence? all = null;
        if (call.Header(Receipts.Header) is { } text)
        {
            if (receipts.Open(text) is not { } receipt || Model.Users.Find(receipt.UserId) is not { Enabled: true } user) return TokenResolver.Refused;
            if (receipt.IssuedAt < user.RevokedBefore) return TokenResolver.Refused;
            all = new Evidence(user, receipt.Methods);
        }

        foreach (var method in wish.Identity.Methods.Distinct(StringComparer.Ordinal))
        {
            var one = await evidences.Check(method, wish.Identity, call);
            if (one.Fault is { } refused) return refused;
            if (all is not null && all.User.Id != one.Value.User.Id) return TokenResolver.Refused;
            all = all is null ? one.Value : all.And(one.Value);
        }

        if (Lacking(all!) is { } lacking) return lacking;
        var target = Scope(all!, wish.Scope);
        if (target.Fault is { } wrong) return wrong;
        if (target.Value.Trust is { } trust && (await trusts.Use(call.Origin, trust, call.Stop)).Fault is { } over) return over;
        return Issue(all!, target.Value);
    }

    /// <summary>A token for a signature that was right; what made the credential bounds what the token may.</summary>
    public async Task<Outcome<Issued>> Signed(UserCredentialRow credential, Call call)
    {
        if (Model.Users.Find(credential.UserId) is not { Enabled: true } user) return TokenResolver.Refused;
        var evidence = new Evidence(user, AuthMethods.Ec2Credential) { Credential = Model.Credential(credential.ApplicationCredentialId) };
        var isGone = credential.ApplicationCredentialId is not null && evidence.Credential?.ProjectId != credential.ProjectId;
        var target = new Target(ScopeKind.Project, credential.ProjectId, Model.Trust(credential.TrustId));
        if (isGone || (credential.TrustId is not null && target.Trust?.ProjectId != credential.ProjectId)) return TokenResolver.Refused;
        if (target.Trust is { } trust && (await trusts.Use(call.Origin, trust, call.Stop)).Fault is { } over) return over;
        return Issue(evidence, target);
    }

    /// <summary>A receipt when none of the user's rules is fulfilled; null when one is, or it has none.</summary>
    private Issued? Lacking(Evidence evidence)
    {
        var rules = evidence.User.FactorRules;
        if (rules.Count == 0) return null;
        var shown = MethodNames.Of(evidence.Methods).ToHashSet(StringComparer.Ordinal);
        if (rules.Any(rule => rule.All(shown.Contains))) return null;
        var (text, receipt) = receipts.Issue(evidence.User.Id, evidence.Methods);
        return new Issued(text, null, Receipts.Show(receipt, evidence.User, Model.Domains.Find(evidence.User.DomainId)?.Name));
    }

    private Outcome<Target> Scope(Evidence evidence, JsonElement? wish)
    {
        if (evidence.Credential is { } credential)
        {
            return wish is null or { ValueKind: JsonValueKind.Null } ? new Target(ScopeKind.Project, credential.ProjectId) : TokenResolver.Refused;
        }

        if (evidence.Access is { } access) return new Target(ScopeKind.Project, access.ProjectId);
        if (wish is not { } given || given.ValueKind == JsonValueKind.Null) return DefaultScope(evidence.User);
        if (given.ValueKind == JsonValueKind.String && given.ValueEquals("unscoped")) return new Target(ScopeKind.None, null);
        if (given.ValueKind != JsonValueKind.Object) return Wrong();
        var raw = System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(given).ToArray();
        return Call.Parse(raw, TokenJson.Wire.ScopeWish).Then(scope => Chosen(evidence, scope));
    }

    private Target DefaultScope(UserEntry user)
    {
        var project = Model.Projects.Find(user.DefaultProjectId);
        var stands = project is { Enabled: true } && Model.Domains.Find(project.DomainId) is { Enabled: true };
        return stands && Model.EffectiveRoles(user.Id, ScopeKind.Project, project!.Id).Count > 0
            ? new Target(ScopeKind.Project, project.Id) : new Target(ScopeKind.None, null);
    }

    private Outcome<Target> Chosen(Evidence evidence, ScopeWish wish)
    {
        object?[] members = [wish.Project, wish.Domain, wish.System, wish.Unscoped, wish.Trust];
        if (members.Count(member => member is not null) != 1) return Wrong();
        if (wish.Unscoped is not null) return new Target(ScopeKind.None, null);
        if (wish.Trust is { } named) return Lent(evidence, named.Id);
        if (wish.System is { } system)
        {
            var all = system.ValueKind == JsonValueKind.Object && system.TryGetProperty("all", out var value) && value.ValueKind == JsonValueKind.True;
            return all ? new Target(ScopeKind.System, null) : Wrong();
        }

        if (wish.Domain is { } domain)
        {
            if (domain.Id is null && domain.Name is null) return Wrong();
            return evidences.DomainId(domain) is { } id && Model.Domains.Find(id) is not null ? new Target(ScopeKind.Domain, id) : TokenResolver.Refused;
        }

        var project = wish.Project!;
        if (project.Id is not null) return Model.Projects.Find(project.Id) is { } byId ? new Target(ScopeKind.Project, byId.Id) : TokenResolver.Refused;
        if (project.Name is null || project.Domain is null) return Wrong();
        return evidences.DomainId(project.Domain) is { } of && Model.Projects.FindNamed(of, project.Name) is { } byName
            ? new Target(ScopeKind.Project, byName.Id)
            : TokenResolver.Refused;
    }

    private Outcome<Target> Lent(Evidence evidence, string? trustId)
    {
        if (Model.Trust(trustId) is not { } trust) return TokenResolver.Refused;
        if (trust.TrusteeId != evidence.User.Id) return new Fault.Forbidden("User is not a trustee.");
        return new Target(trust.ProjectId is null ? ScopeKind.None : ScopeKind.Project, trust.ProjectId, trust);
    }

    private static Fault.Invalid Wrong() => new(
        "auth/scope",
        "Invalid input for field 'scope': one of project (id, or name and domain), domain, system (all: true), OS-TRUST:trust or unscoped is expected.");

    private Outcome<Issued> Issue(Evidence evidence, Target target)
    {
        var now = house.Kernel.Clock.Now();
        var expires = evidence.ExpiresAt ?? now / Micros.PerSecond * Micros.PerSecond + Micros.Of(lifetime);
        if (evidence.Credential is { ExpiresAt: > 0 } credential) expires = Math.Min(expires, credential.ExpiresAt);
        if (evidence.Access is { } access) expires = Math.Min(expires, access.ExpiresAt);
        if (target.Trust is { ExpiresAt: > 0 } trust) expires = Math.Min(expires, trust.ExpiresAt);
        var payload = new TokenPayload(
            target.Trust?.ActorId ?? evidence.User.Id, target.Kind, target.Id, evidence.Methods, now, expires, house.Kernel.Randomness.Bytes(AuditIdBytes),
            evidence.ParentAuditId, evidence.Credential?.Id, target.Trust?.Id, evidence.Access?.Id);
        if (resolver.Derive(payload) is not { } resolved) return TokenResolver.Refused;
        var token = house.Kernel.Tokens.Seal(payload);
        return new Issued(token, resolved);
    }

    private readonly record struct Target(ScopeKind Kind, string? Id, TrustEntry? Trust = null);
}
