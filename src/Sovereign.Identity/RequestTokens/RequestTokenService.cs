using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Consumers;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.RequestTokens;

/// <summary>A token that a consumer is given, with its secret, which is shown this once.</summary>
internal sealed record GivenToken(string Id, string Secret, long ExpiresAt);

internal sealed class RequestTokenService(House house, SignatureCheck signatures, Secrets secrets)
{
    private const int SecretBytes = 16;
    private const int VerifierBytes = 8;
    private const long Lifetime = 8 * 3600 * Micros.PerSecond;

    public Task<Outcome<GivenToken>> Create(Origin origin, OAuthRequest request, string projectId, CancellationToken stop)
    {
        var secret = Convert.ToHexStringLower(house.Kernel.Randomness.Bytes(SecretBytes));
        return house.Kernel.Queue.Write<GivenToken>("request_token.create", origin, tx =>
        {
            if (signatures.Refused(tx, request, tokenSecret: "") is { } refused) return refused;
            if (projectId.Contains('\0', StringComparison.Ordinal) || ProjectStore.Find(tx, projectId) is null) return new Fault.NotFound("project", projectId);
            foreach (var expired in RequestTokenStore.Expired(tx, tx.Now)) Remove(tx, expired);
            var id = house.Kernel.Ids.Hex();
            var row = new RequestTokenRow
            {
                Id = id, ConsumerId = request.ConsumerKey, ProjectId = projectId, ExpiresAt = tx.Now + Lifetime,
                Sealed = signatures.Seal(tx, secret, "request_token/" + id),
            };
            RequestTokenStore.Insert(tx, row);
            Recorded(tx, row, [], Change.Created);
            return new GivenToken(row.Id, secret, row.ExpiresAt);
        }, stop);
    }

    /// <summary>The caller lends roles of its own; who knows the verifier that comes back may fetch them.</summary>
    public Task<Outcome<string>> Authorize(AccessGrant access, string id, IReadOnlyList<RoleChoice> choices, CancellationToken stop)
    {
        var verifier = Convert.ToHexStringLower(house.Kernel.Randomness.Bytes(VerifierBytes));
        return house.Kernel.Queue.Write<string>("request_token.authorize", access.Origin, tx =>
        {
            if (access.Caller.IsDelegated()) return new Fault.Forbidden("Cannot authorize a request token with a token issued via delegation.");
            var found = Standing(tx, id);
            if (found.Fault is { } missing) return missing;
            if (choices.Count == 0) return new Fault.Invalid("roles", "Invalid input for field 'roles': it is too short.");
            var held = house.Model.EffectiveRoles(access.Caller.UserId, ScopeKind.Project, found.Value.ProjectId);
            var roles = new HashSet<string>(StringComparer.Ordinal);
            foreach (var choice in choices)
            {
                var role = choice.Id ?? RoleStore.FindGlobal(tx, choice.Name ?? "")?.Id;
                if (role is null || !held.Exists(other => other.Id == role)) return new Fault.Unauthorized("authorizing user does not have role required");
                roles.Add(role);
            }

            var row = found.Value with { UserId = access.Caller.UserId, Verifier = secrets.Hash(verifier) };
            RequestTokenStore.Authorize(tx, row, roles);
            Recorded(tx, row, [.. roles], Change.Updated);
            return verifier;
        }, stop);
    }

    /// <summary>What a user authorised, when the request shows that it knows the secrets and the verifier. The token is used up.</summary>
    public Outcome<(RequestTokenRow Row, List<string> RoleIds)> Exchanged(Tx tx, OAuthRequest request)
    {
        var found = Standing(tx, request.Token!);
        if (found.Fault is { } missing) return missing;
        var row = found.Value;
        if (row.ConsumerId != request.ConsumerKey) return new Fault.Unauthorized("Provided consumer key does not match stored consumer key.");
        if (signatures.Open(tx, row.Sealed, "request_token/" + row.Id) is not { } secret) return new Fault.NotFound("request token", row.Id);
        if (signatures.Refused(tx, request, secret) is { } refused) return refused;
        if (!secrets.Verify(request.Verifier!, row.Verifier)) return new Fault.Unauthorized("Provided verifier does not match stored verifier");
        var roles = RequestTokenStore.Roles(tx, row.Id);
        Remove(tx, row);
        return (row, roles);
    }

    /// <summary>Tokens that go with their consumer, user, project or role.</summary>
    public static void Remove(Tx tx, List<RequestTokenRow> rows) => rows.ForEach(row => Remove(tx, row));

    private static void Remove(Tx tx, RequestTokenRow row)
    {
        var roles = RequestTokenStore.Roles(tx, row.Id);
        RequestTokenStore.Delete(tx, row.Id);
        Recorded(tx, row, roles, Change.Deleted);
    }

    private static Outcome<RequestTokenRow> Standing(Tx tx, string id)
    {
        if (RequestTokenStore.Find(tx, id) is not { } row) return new Fault.NotFound("request token", id);
        return row.ExpiresAt > tx.Now ? row : new Fault.Unauthorized("Request token is expired");
    }

    private static void Recorded(Tx tx, RequestTokenRow row, IReadOnlyList<string> roleIds, Change change) => tx.Record(
        "request_token", row.Id, row.ProjectId, change,
        new RequestTokenDocument(row.Id, row.ConsumerId, row.ProjectId, row.UserId, row.ExpiresAt, roleIds), RequestTokenJson.Wire.RequestTokenDocument);
}
