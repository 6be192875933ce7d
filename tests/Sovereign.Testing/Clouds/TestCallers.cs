using System.Collections.Frozen;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Testing.Clouds;

/// <summary>Stands in for identity in tests of one service: tokens are names of personas given beforehand. Tests of the whole cloud use real tokens.</summary>
public sealed class TestCallers : ICallers
{
    private readonly Dictionary<string, Caller> callers = new(StringComparer.Ordinal);

    public TestCallers()
    {
        Add("admin", "admins", "admin", "manager", "member", "reader");
        Add("member-a", "project-a", "member", "reader");
        Add("reader-a", "project-a", "reader");
        Add("member-b", "project-b", "member", "reader");
    }

    public Caller this[string token] => callers[token];

    /// <summary>A token for a user of the same name with these roles on a project (its id is 32 hex digits made from the name).</summary>
    public void Add(string token, string project, params string[] roles) => callers[token] = new Caller
    {
        UserId = Id(token), UserName = token, UserDomainId = "default", UserDomainName = "Default", ProjectId = Id(project), ProjectName = project,
        ProjectDomainId = "default", Roles = roles.ToFrozenSet(), ExpiresAt = long.MaxValue,
    }.WithPersonas();

    public void Add(string token, Caller caller) => callers[token] = caller.WithPersonas();

    public static string Id(string name) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));

    public Outcome<Caller> Resolve(string token) =>
        callers.TryGetValue(token, out var caller) ? caller : new Fault.Unauthorized("The request you have made requires authentication.");

    /// <summary>The access key of a persona is its name, and the secret its name backwards.</summary>
    public Outcome<SigningKey> FindKey(string accessKey) => callers.TryGetValue(accessKey, out var caller)
        ? new SigningKey(accessKey, new string(accessKey.Reverse().ToArray()), caller) : new Fault.Unauthorized("The request you have made requires authentication.");
}
