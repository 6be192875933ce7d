using System.Collections.Frozen;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Tests.Support;
using Xunit;

namespace Sovereign.Kernel.Tests.Access;

public sealed class PolicyTests
{
    // What each word grants to each caller; every other pair is a refusal.
    private static readonly Dictionary<string, (string Callers, Reach Reach)> matrix = new()
    {
        ["public"] = ("", Reach.None),
        ["any"] = ("preader pmember pmanager dreader dmember dmanager system service padmin dadmin nobody", Reach.All),
        ["self"] = ("preader pmember pmanager dreader dmember dmanager system service padmin dadmin nobody", Reach.Self),
        ["project_user"] = ("preader pmember pmanager service padmin", Reach.Self),
        ["project_reader"] = ("preader pmember pmanager", Reach.Project),
        ["project_member"] = ("pmember pmanager", Reach.Project),
        ["project_manager"] = ("pmanager", Reach.Project),
        ["domain_reader"] = ("dreader dmember dmanager", Reach.Domain),
        ["domain_member"] = ("dmember dmanager", Reach.Domain),
        ["domain_manager"] = ("dmanager", Reach.Domain),
        ["system_reader"] = ("system", Reach.All),
        ["service"] = ("service", Reach.All),
        ["admin"] = ("padmin dadmin", Reach.All),
        ["cloud_admin"] = ("padmin", Reach.All),
        ["nobody"] = ("", Reach.None),
    };

    private static readonly Dictionary<string, Caller> callers = new()
    {
        ["preader"] = Make("p", null, "reader"), ["pmember"] = Make("p", null, "member", "reader"), ["pmanager"] = Make("p", null, "manager", "member", "reader"),
        ["dreader"] = Make(null, "d", "reader"), ["dmember"] = Make(null, "d", "member", "reader"), ["dmanager"] = Make(null, "d", "manager", "member", "reader"),
        ["system"] = Make(null, null, "reader") with { SystemScope = true }, ["service"] = Make("p", null, "service"),
        ["padmin"] = Make("p", null, "admin"), ["dadmin"] = Make(null, "d", "admin"), ["nobody"] = Make(null, null),
    };

    [Fact]
    public void Every_word_lets_in_exactly_its_callers_with_its_reach()
    {
        foreach (var (word, (allowed, reach)) in matrix)
        {
            var rule = new AccessRule("test:rule", word);
            Assert.Equal(word == "public", rule.IsPublic);
            foreach (var (name, caller) in callers)
            {
                var expected = allowed.Split(' ').Contains(name) ? reach : Reach.None;
                Assert.True(expected == rule.Evaluate(caller.WithPersonas()), $"{name} under '{word}': expected {expected}, was {rule.Evaluate(caller.WithPersonas())}.");
            }
        }
    }

    [Fact]
    public void Alternatives_add_up()
    {
        var rule = new AccessRule("test:rule", "admin or project_reader or self");
        Assert.Equal(Reach.Project | Reach.Self, rule.Evaluate(callers["preader"].WithPersonas()));
        Assert.Equal(Reach.All | Reach.Self, rule.Evaluate(callers["dadmin"].WithPersonas()));
        Assert.Equal(Reach.Self, rule.Evaluate(callers["dreader"].WithPersonas()));
    }

    [Fact]
    public void A_system_scope_without_the_role_reads_nothing() =>
        Assert.Equal(Reach.None, new AccessRule("r", "system_reader").Evaluate((Make(null, null) with { SystemScope = true }).WithPersonas()));

    [Theory]
    [InlineData(Reach.None, false, false, false, false)]
    [InlineData(Reach.Self, false, false, true, false)]
    [InlineData(Reach.Project, true, false, false, false)]
    [InlineData(Reach.Domain, false, true, false, false)]
    [InlineData(Reach.Project | Reach.Self, true, false, true, false)]
    [InlineData(Reach.All, true, true, true, true)]
    public void A_grant_covers_what_its_reach_says_and_nothing_foreign(Reach reach, bool project, bool domain, bool self, bool foreign)
    {
        var grant = new AccessGrant((Make("p", "d", "member") with { UserId = "u" }).WithPersonas(), reach, Sovereign.Kernel.Store.Origin.System);
        Assert.Equal(project, grant.Covers("p", "other", "other"));
        Assert.Equal(domain, grant.Covers("other", "d", "other"));
        Assert.Equal(self, grant.Covers("other", "other", "u"));
        Assert.Equal(foreign, grant.Covers("other", "other", "other"));
        Assert.Equal(foreign, grant.Covers(null));
        Assert.Equal(foreign ? null : "p", grant.OnlyProject);
    }

    [Fact]
    public void A_caller_without_a_project_covers_nothing_that_has_none_either()
    {
        var grant = new AccessGrant(Make(null, null, "member").WithPersonas(), Reach.Project | Reach.Domain, Sovereign.Kernel.Store.Origin.System);
        Assert.False(grant.Covers(null));
        Assert.Equal("", grant.OnlyProject);
        Assert.Throws<InvalidOperationException>(() => grant.ProjectId);
    }

    [Fact]
    public void A_word_that_is_none_is_refused_with_the_words_there_are()
    {
        var error = Assert.Throws<PolicyException>(() => new AccessRule("compute:servers:create", "admin or project_memebr"));
        Assert.Contains("'project_memebr' is not one of", error.Message, StringComparison.Ordinal);
        Assert.Throws<PolicyException>(() => new AccessRule("r", ""));
        Assert.Throws<PolicyException>(() => new AccessRule("r", "admin and service"));
    }

    [Fact]
    public void The_operators_text_stands_in_for_the_services_own()
    {
        var policy = new Policy(new Dictionary<string, string> { ["a:b"] = "nobody" });
        policy.Add([new AccessRule("a:b", "admin"), new AccessRule("a:c", "admin")]);
        Assert.Equal(Reach.None, policy["a:b"].Evaluate(callers["padmin"].WithPersonas()));
        Assert.Equal(Reach.All, policy["a:c"].Evaluate(callers["padmin"].WithPersonas()));
        Assert.Throws<KeyNotFoundException>(() => policy["a:d"]);
        Assert.Throws<ArgumentException>(() => policy.Add([new AccessRule("a:b", "any")]));
    }

    [Fact]
    public void An_override_of_a_rule_that_is_none_is_refused_and_the_nearest_name_is_given()
    {
        var policy = new Policy(new Dictionary<string, string> { ["network:networks:creat"] = "admin", ["compute:servers:list"] = "admin" });
        policy.Add([new AccessRule("network:networks:create", "any"), new AccessRule("compute:servers:list", "any")]);
        var error = Assert.Throws<PolicyException>(policy.CheckOverrides);
        Assert.Equal("The policy overrides 'network:networks:creat', which is no access rule; did you mean 'network:networks:create'?", error.Message);
    }

    [Fact]
    public async Task A_cloud_with_an_override_of_an_unknown_rule_does_not_start()
    {
        await using var rig = KernelRig.Empty("sqlite");
        rig.Overrides["toy:items:lst"] = "admin";
        var error = await Assert.ThrowsAsync<PolicyException>(() => rig.On(rig.OpenEngine(), new Sovereign.Kernel.Store.NoCrashPoints()));
        Assert.Contains("'toy:items:lst'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_token_of_a_project_is_a_project_user_and_reaches_its_own_things_alone()
    {
        var rule = new AccessRule("compute:keypairs:list", "admin or project_user");
        Assert.Equal(Reach.Self, rule.Evaluate(Make("project", null, "creator").WithPersonas()));
        Assert.Equal(Reach.None, rule.Evaluate(Make(null, "domain", "manager", "member", "reader").WithPersonas()));
    }

    private static Caller Make(string? project, string? domain, params string[] roles) => new()
    {
        UserId = "user", UserName = "user", UserDomainId = "default", UserDomainName = "Default", ProjectId = project, DomainId = domain,
        Roles = roles.ToFrozenSet(), ExpiresAt = long.MaxValue,
    };
}
