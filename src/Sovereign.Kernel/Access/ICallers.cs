using Sovereign.Kernel.Outcomes;

namespace Sovereign.Kernel.Access;

/// <summary>The access contract: identity implements it, every service reaches identity through it.</summary>
public interface ICallers
{
    /// <summary>Resolves a token without I/O on the usual path. A fault is Unauthorized: forged, expired, revoked, or its user or scope is gone or disabled.</summary>
    Outcome<Caller> Resolve(string token);

    /// <summary>The pair of an access key (EC2 credentials), and whom a request signed with it speaks for. A fault is Unauthorized: there is no such key, or its user,
    /// its project or what delegated it is gone or disabled.</summary>
    Outcome<SigningKey> FindKey(string accessKey);
}

/// <summary>What signatures of AWS's forms are computed with.</summary>
/// <param name="Secret">Opened for this request alone; never logged or kept.</param>
public sealed record SigningKey(string AccessKey, string Secret, Caller Caller);
