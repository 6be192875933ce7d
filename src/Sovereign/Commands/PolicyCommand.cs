using System.CommandLine;
using Sovereign.Kernel.Access;
using Sovereign.Serve;

namespace Sovereign.Commands;

/// <summary>Shows who may do what, as a file that can be edited and put in place.</summary>
internal static class PolicyCommand
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var command = new Command("policy",
            """
            Print every access rule as YAML, with the operator's overrides of DIR/policy.yaml in place; works without a running cloud.
            A wrong policy.yaml is refused here with the reason, as at the next start of the control plane. Exit code: 0, or 1 when it is wrong.

              sovereign policy                                                      all rules
              echo '"image:images:publicize": admin or project_member' > /var/lib/sovereign/policy.yaml
              sovereign policy && sovereign down && sovereign up --detach           check it, then use it
            """)
        { data };
        command.SetAction((parsed, _) => CommonOptions.Guard(() => Task.FromResult(
            CommonOptions.Resolve(parsed.GetValue(data), null, null) is { } options ? Print(options.Directory.Policy) : CommonOptions.ExitUsage)));
        return command;
    }

    private static int Print(string file)
    {
        var policy = Composition.Rules(PolicyFile.Read(file));
        Console.WriteLine($"# Who may do what. Copy a line to {file} and change it there.");
        Console.WriteLine($"# Words, joined by \"or\": {string.Join(", ", AccessRule.Words)}.");
        foreach (var rule in policy.Rules.OrderBy(rule => rule.Name, StringComparer.Ordinal))
        {
            var usual = policy.DefaultOf(rule.Name);
            Console.WriteLine($"\"{rule.Name}\": {rule.Text}{(rule.Text == usual ? "" : $"   # default: {usual}")}");
        }

        return 0;
    }
}
