using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>What a network's DHCP server reads of its ports.</summary>
public sealed class DhcpListsTests : IDisposable
{
    private const int Ports = 400;
    private readonly string directory = Directory.CreateTempSubdirectory("sovereign-dhcp-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Ports_that_come_at_the_same_moment_all_get_their_leases()
    {
        var network = new DhcpNetwork("net", Path.Combine(directory, "dhcp", "net"));
        await Parallel.ForEachAsync(Enumerable.Range(0, Ports), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            Assert.True(network.Set(Port(i)));
            await network.Publish(TestContext.Current.CancellationToken);
        });
        var leases = Directory.EnumerateFiles(directory, "*hosts*", SearchOption.AllDirectories).Select(File.ReadAllLines).MaxBy(lines => lines.Length)!;
        Assert.Equal(Ports, leases.Length);
    }

    private static PortSpec Port(int i) => new(
        $"port-{i}", "net", "server", $"fa:16:3e:00:{i / 256:x2}:{i % 256:x2}", [new AddressSpec("sub", $"10.0.{i / 256}.{i % 256}")], AdminUp: true,
        PortSecurity: true, [], [], $"guest-{i}");
}
