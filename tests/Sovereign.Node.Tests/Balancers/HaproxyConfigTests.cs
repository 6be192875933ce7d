using Sovereign.Node.Balancers;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Xunit;

namespace Sovereign.Node.Tests.Balancers;

public sealed class HaproxyConfigTests
{
    private static readonly HaproxyPaths paths = new("/run/lb", id => "/run/lb/crt-" + id, id => "/run/lb/ca-" + id + ".pem");

    [Fact]
    public async Task The_configuration_of_everything_is_the_golden_one()
    {
        if (Environment.GetEnvironmentVariable("SOVEREIGN_GOLDEN") is { } directory)
            await File.WriteAllTextAsync(Path.Combine(directory, "full.cfg"), HaproxyConfig.Write(BalancerSpecs.Full, paths), TestContext.Current.CancellationToken);
        var golden = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Balancers", "golden", "full.cfg"), TestContext.Current.CancellationToken);
        Assert.Equal(golden, HaproxyConfig.Write(BalancerSpecs.Full, paths));
    }

    [Fact]
    public async Task HAProxy_takes_the_golden_configuration()
    {
        var (exit, said) = await Check(HaproxyConfig.Write(BalancerSpecs.Full, paths));
        Assert.True(exit == 0, said);
    }

    [Theory]
    [InlineData("a' }\n  bind 0.0.0.0:1\n#")]
    [InlineData("\\' \" # $HOME %[src] ; { } !")]
    [InlineData("-f /etc/passwd")]
    [InlineData("${HOME}\\")]
    public async Task Words_of_users_stay_words(string word)
    {
        var listener = BalancerSpecs.Listener("web", "HTTP", 80, "main") with
        {
            Policies =
            [
                new("p1", "REJECT", null, null, 302, [new("PATH", "EQUAL_TO", null, word, false), new("HEADER", "CONTAINS", "X", word, true)]),
                new("p2", "REDIRECT_TO_URL", null, word, 302, [new("HOST_NAME", "STARTS_WITH", null, word, false)]),
            ],
        };
        var pool = BalancerSpecs.Pool("main", "HTTP", BalancerSpecs.Member("m", 80)) with { Monitor = BalancerSpecs.Monitor("HTTP") with { Path = "/" + word } };
        var config = HaproxyConfig.Write(new BalancerSpec("lb", "port", ["10.0.0.5"], [listener], [pool]), paths);
        Assert.Single(config.Split('\n'), line => line.TrimStart().StartsWith("bind ", StringComparison.Ordinal));
        var (exit, said) = await Check(config);
        Assert.True(exit == 0, said);
    }

    [Fact]
    public void Counters_and_down_members_are_read_by_the_names_of_columns()
    {
        const string text = "# pxname,svname,scur,stot,bin,bout,ereq,status,\nweb,FRONTEND,2,9,100,200,1,OPEN,\npool:web,m1,0,0,0,0,,DOWN 1/2,\n"
            + "pool:web,m2,0,0,0,0,,UP,\npool:web,BACKEND,0,0,0,0,,DOWN,\n";
        var rows = HaproxyStats.Rows(text);
        Assert.Equal(["m1"], HaproxyStats.Sight(rows).Down);
        Assert.Equal(new ListenerCounters("web", 100, 200, 2, 9, 1), Assert.Single(HaproxyStats.Counters(rows)));
    }

    private static async Task<(int Exit, string Said)> Check(string config)
    {
        var directory = Directory.CreateTempSubdirectory("sovereign-haproxy-");
        try
        {
            var file = Path.Combine(directory.FullName, "haproxy.cfg");
            await File.WriteAllTextAsync(file, config.Replace("/run/lb/", directory.FullName + "/", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            var result = await new ProcessRunner(TimeProvider.System).Run("haproxy", ["-c", "-f", file, "-L", HaproxyConfig.Peer], TestContext.Current.CancellationToken);
            return (result.ExitCode, result.Output + result.Error);
        }
        finally { directory.Delete(recursive: true); }
    }
}
