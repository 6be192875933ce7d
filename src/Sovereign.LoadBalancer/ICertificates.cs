using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.LoadBalancer;

/// <summary>Where certificates of listeners come from: a key manager.</summary>
public interface ICertificates
{
    /// <summary>A certificate with its chain and key, or a bundle of authorities, in PEM.</summary>
    /// <param name="reference">As the listener names it: the URL of a secret or container.</param>
    /// <returns>Invalid when there is none, when it is no such thing, or when the caller may not read it.</returns>
    Outcome<string> Read(Session session, AccessGrant access, string reference);

    /// <summary>The same for the cloud itself, after the caller who named it was let in by <see cref="Read"/>.</summary>
    Outcome<string> Reopen(Session session, string reference);
}
