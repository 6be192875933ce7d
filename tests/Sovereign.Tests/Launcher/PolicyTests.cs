using Sovereign.Kernel.Access;
using Sovereign.Serve;
using Xunit;

namespace Sovereign.Tests.Launcher;

public sealed class PolicyTests
{
    [Fact]
    public void The_rules_are_shown_without_a_cloud_and_remember_what_an_override_replaced()
    {
        var policy = Composition.Rules(new Dictionary<string, string> { ["image:images:publicize"] = "admin or project_member" });
        Assert.Equal(("admin or project_member", "admin"), (policy["image:images:publicize"].Text, policy.DefaultOf("image:images:publicize")));
        Assert.Equal(["compute", "identity", "image", "load-balancer", "network", "placement", "volume"],
            policy.Rules.Select(rule => rule.Name.Split(':')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_override_that_is_no_rule_is_refused_with_the_nearest_name()
    {
        var refused = Assert.Throws<PolicyException>(() => Composition.Rules(new Dictionary<string, string> { ["image:images:publicise"] = "admin" }));
        Assert.Contains("did you mean 'image:images:publicize'?", refused.Message, StringComparison.Ordinal);
    }
}
