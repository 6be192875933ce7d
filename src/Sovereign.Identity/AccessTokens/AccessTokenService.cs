using Sovereign.Identity.Consumers;
using Sovereign.Identity.RequestTokens;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.AccessTokens;

internal sealed class AccessTokenService(House house, SignatureCheck signatures, RequestTokenService requests)
{
    private const int SecretBytes = 16;
    private const long Lifetime = 24 * 3600 * Micros.PerSecond;

    public static readonly Room<AccessTokenRow, AccessTokenView> Room = new(
        "access_token", AccessTokenStore.Shape, AccessTokenStore.Find, (row, house, _) => AccessTokenView.From(row, house),
        AccessTokenJson.Wire.AccessTokenView, row => row.ProjectId, (_, _) => { })
    {
        Prefix = "/OS-OAUTH1",
    };

    public Outcome<Page<AccessTokenRow>> List(AccessGrant access, string userId, ListRequest request) => access.Caller.IsDelegated()
        ? new Fault.Forbidden("Cannot list access tokens with a token issued via delegation.") : Room.Page(house, request.Where("t.user_id = @value", userId));

    public Outcome<AccessTokenRow> Show(string userId, string id) => house.Kernel.Database.Read(session => Found(session, userId, id));

    public Outcome<List<RoleRow>> Roles(string userId, string id) => house.Kernel.Database.Read(session =>
        Found(session, userId, id).Map(row => RoleStore.FindAll(session, AccessTokenStore.Roles(session, row.Id))));

    /// <summary>Gives the consumer, for a request token that a user authorised, a token to log in with.</summary>
    public Task<Outcome<GivenToken>> Create(Origin origin, OAuthRequest request, CancellationToken stop)
    {
        var secret = Convert.ToHexStringLower(house.Kernel.Randomness.Bytes(SecretBytes));
        return house.Kernel.Queue.Write<GivenToken>("access_token.create", origin, tx => requests.Exchanged(tx, request).Map(lent =>
        {
            Remove(tx, house, AccessTokenStore.Expired(tx, tx.Now));
            var id = house.Kernel.Ids.Hex();
            var row = new AccessTokenRow
            {
                Id = id, ConsumerId = lent.Row.ConsumerId, UserId = lent.Row.UserId!, ProjectId = lent.Row.ProjectId, ExpiresAt = tx.Now + Lifetime,
                Sealed = signatures.Seal(tx, secret, "access_token/" + id),
            };
            AccessTokenStore.Insert(tx, row, lent.RoleIds);
            Room.Record(tx, house, row, Change.Created);
            tx.Model(house, model => model.PutAccess(row.Entry(lent.RoleIds)));
            return new GivenToken(row.Id, secret, row.ExpiresAt);
        }), stop);
    }

    /// <summary>The token that a consumer shows by signing with its secret.</summary>
    public Task<Outcome<AccessTokenRow>> Signed(Origin origin, OAuthRequest request, CancellationToken stop) =>
        house.Kernel.Queue.Write<AccessTokenRow>("access_token.use", origin, tx =>
        {
            var row = AccessTokenStore.Find(tx, request.Token!);
            if (row is null || row.ConsumerId != request.ConsumerKey || row.ExpiresAt <= tx.Now) return Tokens.TokenResolver.Refused;
            if (signatures.Open(tx, row.Sealed, "access_token/" + row.Id) is not { } secret) return Tokens.TokenResolver.Refused;
            return signatures.Refused(tx, request, secret) is null ? row : Tokens.TokenResolver.Refused;
        }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string userId, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("access_token.delete", access.Origin, tx => Found(tx, userId, id).Map(row =>
        {
            Remove(tx, house, [row]);
            return Done.Value;
        }), stop);

    /// <summary>The user, project or consumer goes: so does what it had to do with.</summary>
    /// <param name="column">"user_id", "project_id" or "consumer_id".</param>
    public static void Of(Tx tx, House house, string column, string id)
    {
        RequestTokenService.Remove(tx, RequestTokenStore.Of(tx, column, id));
        Remove(tx, house, AccessTokenStore.Of(tx, column, id));
    }

    /// <summary>The role goes: nobody lends it any more.</summary>
    public static void OfRole(Tx tx, House house, string roleId)
    {
        RequestTokenService.Remove(tx, RequestTokenStore.OfRole(tx, roleId));
        Remove(tx, house, AccessTokenStore.OfRole(tx, roleId));
    }

    private static Outcome<AccessTokenRow> Found(Session session, string userId, string id) =>
        AccessTokenStore.Find(session, id) is { } row && row.UserId == userId ? row : new Fault.NotFound("access token", id);

    private static void Remove(Tx tx, House house, List<AccessTokenRow> rows)
    {
        foreach (var row in rows)
        {
            AccessTokenStore.Delete(tx, row.Id);
            Room.Record(tx, house, row, Change.Deleted);
            tx.Model(house, model => model.RemoveAccess(row.Id));
        }
    }
}
