using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>Consoles: over the agents' own door, and of a real guest.</summary>
public sealed class ConsoleStreams
{
    private static readonly NodeFacts facts = new("node-c", "127.0.0.1", 4, 4096, 100, "tcg", "qemu64", 7_002_022, "203.0.113.0/24");

    [Fact]
    public async Task Bytes_go_both_ways_over_the_agents_door_until_the_viewer_or_the_guest_ends()
    {
        var stop = TestContext.Current.CancellationToken;
        NodeModule? module = null;
        await using var cloud = await TestCloud.Start(kernel => [module = new NodeModule(kernel)]);
        var path = Path.Combine(Directory.CreateTempSubdirectory("sov-c-").FullName, "node.sock");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Microsoft.Extensions.DependencyInjection.RoutingServiceCollectionExtensions.AddRoutingCore(builder.Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path, NodeModule.AgentsOnly));
        await using var app = builder.Build();
        app.UseRouting();
        module!.MapAgents(app);
        await app.StartAsync(stop);
        using var agent = new ControlPlaneClient(path);
        var node = (await agent.Hello(facts, stop)).Node;

        foreach (var guestEnds in new[] { false, true })
        {
            var opening = module.Hub.OpenConsole(node, ConsoleKinds.Vnc, "d", stop);
            var console = new SimulatedConsoleStream();
            var carried = agent.Carry(await Ticket(agent, node, stop), console, stop);
            using var line = (await opening).Value;
            Assert.Equal(SimulatedConsoleStream.Greeting, await Read(line.FromGuest, SimulatedConsoleStream.Greeting.Length));
            foreach (var typed in new[] { "one", "two" })
            {
                await line.ToGuest.WriteAsync(Encoding.ASCII.GetBytes(typed), stop);
                await line.ToGuest.FlushAsync(stop);
                Assert.Equal(typed, await Read(line.FromGuest, typed.Length));
            }

            if (guestEnds)
            {
                console.Dispose();
                Assert.Equal(0, await line.FromGuest.ReadAsync(new byte[1], stop));
            }

            line.Dispose();
            await carried.WaitAsync(TimeSpan.FromSeconds(20), stop);
        }

        var refused = module.Hub.OpenConsole(node, ConsoleKinds.Vnc, "d", stop);
        await agent.Answer(await Ticket(agent, node, stop), Stream.Null, stop);
        Assert.False((await refused).Ok);
        await Assert.ThrowsAnyAsync<Exception>(() => agent.Carry("nobody-waits", new SimulatedConsoleStream(), stop));
    }

    [Fact]
    public async Task A_real_guest_shows_its_display_and_its_serial_line_and_has_the_hardware_that_was_asked_for()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var cloud = new RealCloud();
        var image = new byte[1024 * 1024];
        var domain = RealCloud.Domain(cloud.AddImage(image), "raw", image.Length, []);
        domain = domain with
        {
            ShutdownSeconds = 0,
            Vcpus = 2,
            Hardware = domain.Hardware with { Watchdog = "reset", Video = "cirrus", Topology = new TopologySpec(1, 2, 1) },
        };
        cloud.Control.Set(domain);
        cloud.Start();
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        var display = await Open(cloud, ConsoleKinds.Vnc, domain.Id, stop);
        Assert.Equal("RFB 003.008\n", await Read(display, 12));
        await display.WriteAsync("RFB 003.008\n"u8.ToArray(), stop);
        Assert.Equal("\u0001\u0001", await Read(display, 2));
        await display.WriteAsync(new byte[] { 1 }, stop);
        Assert.Equal("\0\0\0\0", await Read(display, 4));
        await display.WriteAsync(new byte[] { 1 }, stop);
        var init = await Read(display, 24);
        Assert.Equal(init[23], (await Read(display, init[23])).Length);
        var serial = await Open(cloud, ConsoleKinds.Serial, domain.Id, stop);
        await serial.WriteAsync("x"u8.ToArray(), stop);
        var pid = File.ReadAllText(Directory.EnumerateFiles(cloud.Options.StateDir, "qemu.pid", SearchOption.AllDirectories).Single()).Trim();
        var words = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
        Assert.Contains("2,sockets=1,cores=2,threads=1", words);
        Assert.Contains("watchdog=reset", words);
        Assert.Contains("cirrus", words);
        Assert.DoesNotContain(words, word => word.Contains("vnc=", StringComparison.Ordinal) && !word.StartsWith("unix:", StringComparison.Ordinal));

        cloud.Control.Ask(new NodeRequest("none", ConsoleKinds.Vnc, Guid.NewGuid().ToString(), 0));
        while (!cloud.Control.Answers.ContainsKey("none")) await Task.Delay(10, stop);
        Assert.Empty(cloud.Control.Answers["none"]);
        cloud.Control.Remove(ItemKinds.Domain, domain.Id);
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Absent);
    }

    private static async Task<string> Ticket(ControlPlaneClient agent, string node, CancellationToken stop)
    {
        while (true)
        {
            var manifest = await agent.NextManifest(node, "", 0, stop);
            if (manifest?.Requests is [var request, ..]) return request.Ticket;
        }
    }

    private static async Task<Stream> Open(RealCloud cloud, string kind, string id, CancellationToken stop)
    {
        cloud.Control.Ask(new NodeRequest(kind, kind, id, 0));
        while (!cloud.Control.Consoles.ContainsKey(kind)) await Task.Delay(10, stop);
        return cloud.Control.Consoles[kind];
    }

    private static async Task<string> Read(Stream stream, int count)
    {
        var buffer = new byte[count];
        await stream.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken);
        return Encoding.Latin1.GetString(buffer);
    }
}
