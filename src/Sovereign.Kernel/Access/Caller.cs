using System.Collections.Frozen;

namespace Sovereign.Kernel.Access;

/// <summary>Who a valid token speaks for, as identity resolved it; roles include the implied ones. Immutable and shared between requests.</summary>
public sealed record Caller
{
    public required string UserId { get; init; }

    public required string UserName { get; init; }

    public required string UserDomainId { get; init; }

    public required string UserDomainName { get; init; }

    /// <summary>Null when the scope is no project.</summary>
    public string? ProjectId { get; init; }

    public string? ProjectName { get; init; }

    public string? ProjectDomainId { get; init; }

    /// <summary>Null when the scope is no domain.</summary>
    public string? DomainId { get; init; }

    /// <summary>True for a token scoped to the system.</summary>
    public bool SystemScope { get; init; }

    /// <summary>Names of the roles on the scope, implied ones included, lower case.</summary>
    public required FrozenSet<string> Roles { get; init; }

    /// <summary>Microseconds UTC.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>Set when the token came from an application credential.</summary>
    public string? ApplicationCredentialId { get; init; }

    /// <summary>How the user proved who it is.</summary>
    public AuthMethods Methods { get; init; }

    /// <summary>Set when the token came from a trust.</summary>
    public string? TrustId { get; init; }

    /// <summary>The only calls that this token may make; null for any.</summary>
    public IReadOnlyList<CallRule>? Calls { get; init; }

    /// <summary>What this caller counts as in rules, computed once.</summary>
    public Persona Personas { get; private init; }

    /// <summary>Derives the personas; identity calls it once when it resolves a token.</summary>
    public Caller WithPersonas()
    {
        var personas = Persona.Any | Persona.Self;
        if (Roles.Contains("admin")) personas |= DomainId is null ? Persona.Admin | Persona.CloudAdmin : Persona.Admin;
        if (Roles.Contains("service")) personas |= Persona.Service;
        if (ProjectId is not null) personas |= Persona.ProjectUser | Scoped(Persona.ProjectReader, Persona.ProjectMember, Persona.ProjectManager) | OfBalancers();
        if (DomainId is not null) personas |= Scoped(Persona.DomainReader, Persona.DomainMember, Persona.DomainManager);
        if (SystemScope) personas |= Scoped(Persona.SystemReader, Persona.SystemReader, Persona.SystemReader);
        return this with { Personas = personas };
    }

    private Persona OfBalancers() =>
        (Roles.Contains("load-balancer_observer") ? Persona.BalancerObserver : 0) | (Roles.Contains("load-balancer_member") ? Persona.BalancerMember : 0)
        | (Roles.Contains("load-balancer_global_observer") ? Persona.BalancerGlobalObserver : 0)
        | (Roles.Contains("load-balancer_quota_admin") ? Persona.BalancerQuotaAdmin : 0) | (Roles.Contains("load-balancer_admin") ? Persona.BalancerAdmin : 0);

    private Persona Scoped(Persona reader, Persona member, Persona manager) =>
        (Roles.Contains("reader") ? reader : 0) | (Roles.Contains("member") ? member : 0) | (Roles.Contains("manager") ? manager : 0);
}

/// <summary>The words of access rules.</summary>
[Flags]
public enum Persona
{
    None = 0,
    Public = 1,
    Any = 2,
    Self = 4,
    ProjectReader = 8,
    ProjectMember = 16,
    ProjectManager = 32,
    DomainReader = 64,
    DomainMember = 128,
    DomainManager = 256,
    SystemReader = 512,
    Service = 1024,
    Admin = 2048,

    /// <summary>Any token that is scoped to a project, whatever its roles.</summary>
    ProjectUser = 4096,

    /// <summary>Admin on a project or on the system: what belongs to no domain is no business of a domain's token.</summary>
    CloudAdmin = 8192,

    /// <summary>Octavia's role load-balancer_observer on a project; the next four are its other roles.</summary>
    BalancerObserver = 16384,
    BalancerMember = 32768,
    BalancerGlobalObserver = 65536,
    BalancerQuotaAdmin = 131072,
    BalancerAdmin = 262144,
}

/// <summary>Which targets an allowed call may see and touch.</summary>
[Flags]
public enum Reach
{
    None = 0,

    /// <summary>What belongs to the caller's user.</summary>
    Self = 1,

    /// <summary>What belongs to the project of the token.</summary>
    Project = 2,

    /// <summary>What belongs to the domain of the token.</summary>
    Domain = 4,

    /// <summary>Everything.</summary>
    All = 8,
}
