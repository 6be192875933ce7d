using System.Diagnostics;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Compute.Tests;

public class ServerThroughput
{
    [Fact]
    public async Task A_thousand_servers_on_a_hundred_nodes_become_active_and_go()
    {
        await using var world = await ComputeWorld.Start(nodes: 100);
        var project = TestCallers.Id("project-a");
        await world.Send("PUT", "/os-quota-sets/" + project, "admin", "{\"quota_set\": {\"instances\": -1, \"cores\": -1, \"ram\": -1}}");
        var flavor = await world.Flavor();
        for (var i = 0; i < 50; i++) await world.Until(await world.Create("warm" + i), "ACTIVE");
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        using var parallel = new SemaphoreSlim(64);
        var made = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Create(i)));
        Assert.All(made, reply => Assert.Equal(202, reply.Status));
        var answered = watch.Elapsed;
        while (Count("status = 'ACTIVE'") < 1050 && watch.Elapsed < TimeSpan.FromMinutes(5)) await Task.Delay(10);
        Assert.Equal(1050, Count("status = 'ACTIVE'"));
        var active = watch.Elapsed;
        Console.WriteLine($"1000 servers: answered in {answered.TotalSeconds:F2} s, active in {active.TotalSeconds:F2} s ({1000 / active.TotalSeconds:F0}/s); "
            + $"{(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds / 1000:F2} ms of CPU for each, the client's and the nodes' included.");
        foreach (var i in Enumerable.Range(0, 2)) await world.Send("GET", "/servers/detail?limit=100");
        watch.Restart();
        for (var i = 0; i < 300; i++) await world.Send("GET", "/servers/detail?limit=100");
        Console.WriteLine($"A page of 100 servers: {watch.Elapsed.TotalMilliseconds / 300:F2} ms, one after the other.");
        watch.Restart();
        await Task.WhenAll(made.Select(reply => world.Send("DELETE", "/servers/" + (string)reply.Json["server"]!["id"]!)));
        while (Count("1 = 1") > 50 && watch.Elapsed < TimeSpan.FromMinutes(5)) await Task.Delay(10);
        Console.WriteLine($"1000 servers gone in {watch.Elapsed.TotalSeconds:F2} s.");
        Assert.Equal(50, Count("1 = 1"));
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());

        async Task<TestReply> Create(int i)
        {
            await parallel.WaitAsync();
            try
            {
                return await world.Send("POST", "/servers", body: new
                {
                    server = new { name = "vm" + i, imageRef = ComputeWorld.Image, flavorRef = flavor, networks = new[] { new { uuid = ComputeWorld.Network } } },
                });
            }
            finally
            {
                parallel.Release();
            }
        }

        long Count(string where) => world.Cloud.Kernel.Database.Read(session => session.Scalar<long>($"SELECT COUNT(*) FROM compute_servers WHERE {where}"));
    }
}
