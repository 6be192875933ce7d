using System.CommandLine;
using System.Text.Json;
using Sovereign.Kernel.Sources;
using Sovereign.ImageSync;
using Sovereign.Launcher;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;

namespace Sovereign.Commands;

/// <summary>What the operator does to nodes, on the control plane's machine.</summary>
internal static class NodeOperator
{
    public static Command List()
    {
        var data = CommonOptions.Data();
        var json = Json();
        var command = new Command("list", "Show the nodes: state, address, what they have, when they were last heard of.") { data, json };
        command.SetAction((parsed, stop) => With(parsed.GetValue(data), async client =>
        {
            var nodes = await client.Nodes(stop);
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(new NodesView(nodes), OperatorJson.Default.NodesView));
            else
            {
                Console.WriteLine($"{"NAME",-24} {"STATE",-8} {"UNDERLAY",-18} {"CPUS",5} {"MIB",8} {"GIB",6}  SEEN");
                foreach (var node in nodes) Console.WriteLine(Line(node));
            }

            return 0;
        }, stop));
        return command;
    }

    public static Command Show()
    {
        var (data, name, json) = (CommonOptions.Data(), Name(), Json());
        var command = new Command("show", "Show one node.") { name, data, json };
        command.SetAction((parsed, stop) => With(parsed.GetValue(data), async client =>
        {
            var wanted = parsed.GetValue(name);
            var node = (await client.Nodes(stop)).FirstOrDefault(node => node.Name == wanted || node.Id == wanted)
                ?? throw new LauncherException($"There is no node {wanted}.");
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(new NodesView([node]), OperatorJson.Default.NodesView));
            else foreach (var line in Lines(node)) Console.WriteLine(line);
            return 0;
        }, stop));
        return command;
    }

    public static Command Fence()
    {
        var (data, name) = (CommonOptions.Data(), Name());
        var confirmed = new Option<bool>("--confirmed")
        {
            Description = "You have made sure that the machine is off: your word instead of the fencing command's. A guest that still runs would run twice.",
        };
        var command = new Command("fence",
            """
            Make sure that a node that does not answer runs nothing any more, by the configured fence_command or by your word. Only then its servers may be
            evacuated (openstack server evacuate). A fenced node that comes back is a node again; what was evacuated from it is removed there.
            """)
        { name, data, confirmed };
        command.SetAction((parsed, stop) => With(parsed.GetValue(data), async client =>
        {
            Console.WriteLine(await client.Fence(parsed.GetValue(name)!, parsed.GetValue(confirmed), stop));
            return 0;
        }, stop));
        return command;
    }

    public static Command Remove()
    {
        var (data, name) = (CommonOptions.Data(), Name());
        var command = new Command("remove", "Take a node that is away and empty out of the cloud. Its certificate opens nothing any more.") { name, data };
        command.SetAction((parsed, stop) => With(parsed.GetValue(data), async client =>
        {
            Console.WriteLine(await client.Remove(parsed.GetValue(name)!, stop));
            return 0;
        }, stop));
        return command;
    }

    public static Command Drain()
    {
        var (data, name) = (CommonOptions.Data(), Name());
        var command = new Command("drain",
            """
            Empty a node: it takes no new servers. Servers that run go to other nodes while they run; the rest, and those that can't, are shut down, carried to another
            node and started there. One that no other node has room for is stopped and named. Can be ended and run again at any time. Exit code: 0 when the node is
            empty, 1 when servers stay.
            """)
        { name, data };
        command.SetAction((parsed, stop) => WithCompute(parsed.GetValue(data), async compute =>
            await new NodeDrain(compute, TimeProvider.System, Console.WriteLine).Run(parsed.GetValue(name)!, stop) == 0 ? 0 : CommonOptions.ExitFault));
        return command;
    }

    public static Command Undrain()
    {
        var (data, name) = (CommonOptions.Data(), Name());
        var command = new Command("undrain", "Let a node take servers again.") { name, data };
        command.SetAction((parsed, stop) => WithCompute(parsed.GetValue(data), async compute =>
        {
            await new NodeDrain(compute, TimeProvider.System, Console.WriteLine).Undo(parsed.GetValue(name)!, stop);
            return 0;
        }));
        return command;
    }

    /// <summary>By the public API, as any administrator's client.</summary>
    private static Task<int> WithCompute(string? data, Func<ComputeClient, Task<int>> work) => CommonOptions.Guard(async () =>
    {
        var login = CloudLogin.Read(CloudDirectory.At(data ?? CloudDirectory.Default).Clouds, "sovereign-admin");
        using var http = login.Client();
        return await work(new ComputeClient(http, login, TimeProvider.System));
    });

    public static Argument<string> Name() => new("NAME") { Description = "Name of the node." };

    private static Option<bool> Json() => new("--json") { Description = "As JSON." };

    private static Task<int> With(string? data, Func<OperatorClient, Task<int>> work, CancellationToken stop) => CommonOptions.Guard(async () =>
    {
        if (await Root.Become("the control plane's socket is closed to others", stop) is { } exitCode) return exitCode;
        using var client = new OperatorClient(CloudDirectory.At(data ?? CloudDirectory.Default).NodeSocket);
        return await work(client);
    });

    private static string Line(NodeView node) =>
        $"{node.Name,-24} {node.State,-8} {node.Underlay ?? "-",-18} {node.Cpus,5} {node.MemoryMib,8} {node.DiskGib,6}  {Time(node.SeenAt)}";

    private static IEnumerable<string> Lines(NodeView node)
    {
        yield return $"name         {node.Name}";
        yield return $"id           {node.Id}";
        yield return $"state        {node.State}";
        yield return $"underlay     {node.Underlay ?? "-"}";
        yield return $"gateway      {(node.Gateway ? "yes" : "no")}";
        yield return $"seen         {Time(node.SeenAt)}";
        yield return $"accelerator  {node.Accelerator ?? "-"}";
        yield return $"cpus         {node.Cpus}, memory {node.MemoryMib} MiB, disk {node.DiskGib} GiB";
        if (node.CertificateEndsAt is { } ends) yield return $"certificate  until {Time(ends)}";
        if (node.FencedAt is { } fenced) yield return $"fenced       {Time(fenced)}";
        foreach (var thing in node.Foreign) yield return $"set aside    {thing}";
    }

    private static string Time(long micros) => micros == 0 ? "never" : Micros.ToSecondsZ(micros);
}
