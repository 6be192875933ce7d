using System.Buffers.Text;
using System.Globalization;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

/// <summary>Revokes single tokens at once, and forgets the revocations of tokens that have expired since.</summary>
internal sealed class RevocationService(House house) : IPeriodic
{
    public string Name => "identity.revocations";

    public TimeSpan Every => TimeSpan.FromMinutes(10);

    public Task<Outcome<Done>> Revoke(Origin origin, ResolvedToken token, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("token.revoke", origin, tx =>
        {
            var auditId = Base64Url.EncodeToString(token.Payload.AuditId);
            var expiresAt = token.Payload.ExpiresAt;
            var inserted = tx.Execute(
                "INSERT INTO revoked_tokens (audit_id, expires_at, revoked_at) VALUES (@auditId, @expiresAt, @Now) ON CONFLICT DO NOTHING",
                new { auditId, expiresAt, tx.Now });
            if (inserted == 0) return Done.Value;
            tx.Record(
                "token_revocation", auditId, token.Caller.UserDomainId, Change.Created, new RevocationDocument(auditId, token.Caller.UserId, expiresAt),
                RevocationJson.Wire.RevocationDocument);
            tx.Model(house, model => model.Revoke(auditId, expiresAt));
            return Done.Value;
        }, stop);

    public async Task<string> Run(CancellationToken stop)
    {
        var forgotten = await house.Kernel.Queue.Write<long>("token.forget", Origin.System, tx =>
        {
            var now = tx.Now;
            var count = tx.Execute("DELETE FROM revoked_tokens WHERE expires_at < @now", new { now });
            tx.AfterCommit(() => house.Model.ForgetRevoked(now));
            return count;
        }, stop);
        return string.Create(CultureInfo.InvariantCulture, $"{forgotten.Value} revocations of expired tokens forgotten");
    }
}

/// <summary>A revocation as the journal has it.</summary>
internal sealed record RevocationDocument(string AuditId, string UserId, long ExpiresAt);

[JsonSerializable(typeof(RevocationDocument))]
internal sealed partial class RevocationJson : JsonSerializerContext
{
    public static readonly RevocationJson Wire = new(WireJson.Options());
}
