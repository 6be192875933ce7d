using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Access;

/// <summary>An allowed call: who, how far, and for the journal from where. Services look resources up through it, so that authorisation sits in the lookup.</summary>
public sealed record AccessGrant(Caller Caller, Reach Reach, Origin Origin)
{
    public bool Everything => (Reach & Reach.All) != 0;

    /// <summary>The project of the token. Services whose resources belong to projects call it after the rule has let the caller in.</summary>
    /// <exception cref="InvalidOperationException">The scope is no project; routes that need one are checked before.</exception>
    public string ProjectId => Caller.ProjectId ?? throw new InvalidOperationException("The scope of this token is no project.");

    /// <summary>Null when every project may be seen; otherwise the one project that may.</summary>
    public string? OnlyProject => Everything ? null : Caller.ProjectId ?? "";

    /// <summary>May this caller see and touch what belongs to these owners?</summary>
    public bool Covers(string? projectId, string? domainId = null, string? userId = null) =>
        Everything
        || ((Reach & Reach.Project) != 0 && projectId is not null && projectId == Caller.ProjectId)
        || ((Reach & Reach.Domain) != 0 && domainId is not null && domainId == Caller.DomainId)
        || ((Reach & Reach.Self) != 0 && userId is not null && userId == Caller.UserId);

    /// <summary>The cloud's own work.</summary>
    public static AccessGrant OfSystem(string? projectId = null) => new(
        new Caller
        {
            UserId = "system", UserName = "system", UserDomainId = "default", UserDomainName = "Default", ProjectId = projectId,
            Roles = System.Collections.Frozen.FrozenSet.Create("admin"), ExpiresAt = long.MaxValue,
        },
        Reach.All,
        Origin.System with { ProjectId = projectId });
}
