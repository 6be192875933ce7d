using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Identity.Wire;

/// <summary>Authorisation in the lookup. Identity answers 403 for what is foreign and for what is not there alike, so that neither shows.</summary>
internal static class Guard
{
    public static Fault.Forbidden Refusal(string rule) => new($"You are not authorized to perform the requested action: {rule}.");

    /// <summary>The row if this caller may reach it; else 404 for who may see everything and 403 for all others.</summary>
    public static Outcome<T> Reached<T>(this AccessGrant access, string rule, string kind, string id, T? row, Func<T, bool> covers)
        where T : class
    {
        if (row is not null && (access.Everything || covers(row))) return row;
        return access.Everything ? new Fault.NotFound(kind, id) : Refusal(rule);
    }

    /// <summary>Does the caller act on its own domain?</summary>
    public static bool CoversDomain(this AccessGrant access, string? domainId) => access.Covers(null, domainId);

    /// <summary>Does someone else act for the user: by a trust, an application credential, a signature?</summary>
    public static bool IsDelegated(this Caller caller) => caller.TrustId is not null || caller.ApplicationCredentialId is not null || caller.IsSigned();

    public static bool IsSigned(this Caller caller) => (caller.Methods & (AuthMethods.Ec2Credential | AuthMethods.OAuth1)) != 0;

    /// <summary>A fault when the body names another domain than the resource's: it never moves.</summary>
    public static Fault? Moved(string? named, string domainId) =>
        named is null || named == domainId ? null : new Fault.Invalid("domain_id", "Cannot change Domain ID");

    /// <summary>The domain that a new resource gets when the body names none: that of the token. A domain manager must name its own.</summary>
    public static Outcome<string> DomainOfNew(this AccessGrant access, string rule, string? named)
    {
        if (!access.Everything) return named is not null && access.CoversDomain(named) ? named : Refusal(rule);
        return named ?? access.Caller.DomainId ?? access.Caller.ProjectDomainId ?? access.Caller.UserDomainId;
    }
}
