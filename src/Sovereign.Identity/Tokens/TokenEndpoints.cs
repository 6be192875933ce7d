using Sovereign.Identity.Catalog;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

internal sealed class TokenEndpoints(
    House house, Authenticator authenticator, TokenResolver resolver, RevocationService revocations, CatalogRenderer catalog)
{
    private const string SubjectHeader = "X-Subject-Token";
    private static readonly byte[] catalogMember = ",\"catalog\":"u8.ToArray();
    private static readonly byte[] end = "}}"u8.ToArray();

    public void Map(Routes api)
    {
        api.Post("/auth/tokens", "identity:authenticate", Issue);
        api.Get("/auth/tokens", "identity:validate_token", Validate);
        api.Head("/auth/tokens", "identity:check_token", Validate);
        api.Delete("/auth/tokens", "identity:revoke_token", Revoke);
        api.Get("/auth/catalog", "identity:get_auth_catalog", Catalog);
        api.Head("/auth/catalog", "identity:get_auth_catalog", Catalog);
        api.Get("/auth/domains", "identity:get_auth_domains", Domains);
        api.Head("/auth/domains", "identity:get_auth_domains", Domains);
        api.Get("/OS-FEDERATION/domains", "identity:get_auth_domains", Domains);
        api.Head("/OS-FEDERATION/domains", "identity:get_auth_domains", Domains);
        api.Get("/auth/system", "identity:get_auth_system", Systems);
        api.Head("/auth/system", "identity:get_auth_system", Systems);
    }

    private async Task<Answer> Issue(Call call)
    {
        var body = await call.Body(TokenJson.Wire.AuthBody);
        if (body.Fault is { } wrong) return wrong;
        var issued = await authenticator.Authenticate(body.Value.Auth, call);
        return Answer.Of(issued, made => made.Lacking is { } lacking
            ? Answer.Json(401, lacking, ReceiptJson.Wire.ReceiptAnswer).With(Receipts.Header, made.Token)
            : Shown(201, made.Resolved!, made.Token, call));
    }

    private Task<Answer> Validate(Call call)
    {
        var token = call.Header(SubjectHeader) ?? "";
        var subject = Subject(call, token, "identity:validate_token");
        return Task.FromResult(Answer.Of(subject, resolved => Shown(200, resolved, token, call)));
    }

    private async Task<Answer> Revoke(Call call)
    {
        var subject = Subject(call, call.Header(SubjectHeader) ?? "", "identity:revoke_token");
        return subject.Fault ?? Answer.Of(await revocations.Revoke(call.Origin, subject.Value, call.Stop), _ => Answer.Empty(204));
    }

    /// <summary>The token asked about: anybody's for who may see everything, else the caller's own. One that is not valid is nobody's: not found.</summary>
    private Outcome<ResolvedToken> Subject(Call call, string token, string rule)
    {
        if (resolver.Find(token) is not { } resolved) return new Fault.NotFound("token", "the subject token is not valid");
        return call.Access.Everything || resolved.Caller.UserId == call.Access.Caller.UserId ? resolved : Guard.Refusal(rule);
    }

    /// <param name="token">Goes into the header; null to keep it back.</param>
    public Answer Shown(int status, ResolvedToken resolved, string? token, Call call)
    {
        ReadOnlyMemory<byte>[] parts = resolved.HasScope && !call.Http.Request.Query.ContainsKey("nocatalog")
            ? [resolved.Own, resolved.Shared, catalogMember, catalog.For(resolved.Caller.ProjectId), house.Model.Providers.Text, end]
            : [resolved.Own, resolved.Shared, house.Model.Providers.Text, end];
        var answer = Answer.Pieces(status, parts);
        return token is null ? answer : answer.With(SubjectHeader, token);
    }

    private Task<Answer> Catalog(Call call)
    {
        var caller = call.Access.Caller;
        if (caller.ProjectId is null) return Task.FromResult<Answer>(new Fault.Forbidden("A project-scoped token is required to produce a service catalog."));
        var links = System.Text.Encoding.UTF8.GetBytes($",\"links\":{{\"next\":null,\"self\":\"{house.Link("/auth/catalog")}\",\"previous\":null}}}}");
        return Task.FromResult(Answer.Pieces(200, ["{\"catalog\":"u8.ToArray(), catalog.For(caller.ProjectId), links]));
    }

    private Task<Answer> Domains(Call call)
    {
        var ids = Granted(call, ScopeKind.Domain).ToArray();
        var rows = house.Kernel.Database.Read(session => DomainStore.FindAll(session, [.. ids])).Where(row => row.Enabled);
        return Task.FromResult(DomainService.Room.Many(house, rows, CollectionLinks.Of(call)));
    }

    private Task<Answer> Systems(Call call)
    {
        SystemEntry[] entries = Granted(call, ScopeKind.System).Any(id => id == IdentityModel.System) ? [new(All: true)] : [];
        return Task.FromResult(Answer.Json(200, new SystemList(entries, CollectionLinks.Of(call)), TokenJson.Wire.SystemList));
    }

    private IEnumerable<string> Granted(Call call, ScopeKind scope) => house.Model.GrantsOfUser(call.Access.Caller.UserId)
        .Where(grant => grant.Scope == scope && !grant.Inherited).Select(grant => grant.TargetId).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
}
