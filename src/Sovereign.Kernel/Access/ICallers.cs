using Sovereign.Kernel.Outcomes;

namespace Sovereign.Kernel.Access;

/// <summary>The access contract: identity implements it, every service reaches identity through it.</summary>
public interface ICallers
{
    /// <summary>Resolves a token without I/O on the usual path. A fault is Unauthorized: forged, expired, revoked, or its user or scope is gone or disabled.</summary>
    Outcome<Caller> Resolve(string token);
}
