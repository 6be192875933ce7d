using System.Security.Cryptography;
using System.Text;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Consumers;

/// <summary>Checks that a signed request comes from its consumer, now, and once.</summary>
internal sealed class SignatureCheck(House house)
{
    /// <summary>How far the clocks of a consumer and of this cloud may differ.</summary>
    private const long SkewMax = 600 * Micros.PerSecond;

    /// <param name="tokenSecret">Empty where there is no token yet.</param>
    public Fault? Refused(Tx tx, OAuthRequest request, string tokenSecret)
    {
        if (ConsumerStore.Find(tx, request.ConsumerKey) is not { } consumer) return new Fault.NotFound("consumer", request.ConsumerKey);
        if (request.Timestamp is not { } at || at > long.MaxValue / Micros.PerSecond || Math.Abs(tx.Now - (at * Micros.PerSecond)) > SkewMax)
        {
            return new Fault.Unauthorized("The timestamp of the signature is too far from this cloud's time.");
        }

        if (Open(tx, consumer.Sealed, "consumer/" + consumer.Id) is not { } secret || !request.IsSigned(secret, tokenSecret))
        {
            return new Fault.Unauthorized("Invalid signature");
        }

        return IsFirst(tx, request, at) ? null : new Fault.Unauthorized("The nonce of the signature was used before.");
    }

    /// <summary>A secret that signatures are computed with.</summary>
    /// <returns>Null when it can't be opened.</returns>
    public string? Open(Session session, byte[] sealedBytes, string context) =>
        house.Kernel.Keys.Open(session, ProjectKeys.Cloud, sealedBytes, context) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    public byte[] Seal(Tx tx, string secret, string context) => house.Kernel.Keys.Seal(tx, ProjectKeys.Cloud, Encoding.UTF8.GetBytes(secret), context);

    /// <summary>Nonces are kept as long as their timestamps would be accepted.</summary>
    private static bool IsFirst(Tx tx, OAuthRequest request, long at)
    {
        var before = tx.Now - (2 * SkewMax);
        tx.Execute("DELETE FROM oauth_nonces WHERE at < @before", new { before });
        var text = $"{request.ConsumerKey}\n{request.Token}\n{at}\n{request.Nonce}";
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        return tx.Execute("INSERT INTO oauth_nonces (id, at) VALUES (@id, @Now) ON CONFLICT DO NOTHING", new { id, tx.Now }) == 1;
    }
}
