using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Placement;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulated;
using Sovereign.Volume;
using Xunit;

namespace Sovereign.Compute.Tests;

/// <summary>A node that does at once what its manifest says, and reports it.</summary>
internal sealed class FakeAgent(NodeHub hub, string name)
{
    private readonly ConcurrentDictionary<(string Kind, string Id), ManifestItem> items = new();
    private readonly List<ManifestItem> held = [];
    private string node = "";

    public string Name => name;

    public ConcurrentDictionary<(string Kind, string Id), ManifestItem> Items => items;

    /// <summary>What a domain should be reported as, instead of what was asked for.</summary>
    public Func<ManifestItem, ItemReport?>? Twist { get; set; }

    /// <summary>True: copies of disks don't come to their end before <see cref="SendSnapshots"/>.</summary>
    public bool HoldsSnapshots { get; set; }

    public string Id => node;

    /// <summary>False: it is of a release that knows nothing of servers that come while they run.</summary>
    public bool KnowsMoves { get; set; } = true;

    /// <summary>Guests that leave don't come to their end before this is set to false and their item changes; forced ones do.</summary>
    public bool HoldsDepartures { get; set; }

    /// <summary>Interrupts that running domains got.</summary>
    public int Interrupts { get; private set; }

    private static DomainDiagnostics Use { get; } = new(
        "running", 7, 80, [new CpuUse(0, 5)], [new NicUse("fa:16:3e:00:00:0b", 1, 2, 3, 4, 5, 6, 7, 8)], [new DiskUse(9, 10, 11, 12, 0)]);

    public async Task Hello(CancellationToken stop) =>
        node = (await hub.Hello(
            new NodeFacts(name, "127.0.0.1", 64, 262_144, 10_000, "tcg", "qemu64", 7_002_022, "203.0.113.0/24")
            {
                Receives = KnowsMoves,
                Backends = [new BackendFacts("files", "qcow2", false, "", 500, 500)],
            },
            stop)).Node;

    public async Task Run(CancellationToken stop)
    {
        var (incarnation, version) = ("", 0L);
        while (!stop.IsCancellationRequested)
        {
            var manifest = await hub.NextManifest(node, incarnation, version, stop);
            if (manifest is null) continue;
            (incarnation, version) = (manifest.Incarnation, manifest.Version);
            var waiting = manifest.Items.Where(item => item.Snapshot is not null && Twist?.Invoke(item) is null).ToList();
            held.AddRange(waiting);
            var leaving = manifest.Items.Where(item => item.Departure is { Stay: false, Force: false } && HoldsDepartures && Twist?.Invoke(item) is null).ToList();
            foreach (var item in leaving) items[(item.Kind, item.Id)] = item;
            if (!HoldsSnapshots) await SendSnapshots(stop);
            var reports = manifest.Items.Except(waiting).Except(leaving).Select(Make).ToList();
            if (reports.Count > 0) await hub.Report(new NodeReport(node, false, reports, []), stop);
            foreach (var request in manifest.Requests)
            {
                if (request.Kind is ConsoleKinds.Vnc or ConsoleKinds.Serial)
                {
                    _ = hub.Carry(request.Ticket, new SimulatedConsoleStream(), stop);
                    continue;
                }

                var text = request.Kind switch
                {
                    "console" => "one\ntwo\nthree\n",
                    "uptime" => " 12:00:00 up 1 days",
                    "interrupt" => Interrupt(request.Id),
                    "move" => JsonSerializer.Serialize(new MoveProgress(6, 2, 4, 30, 20, 10), NodeJson.Default.MoveProgress),
                    _ => JsonSerializer.Serialize(Use, NodeJson.Default.DomainDiagnostics),
                };
                await hub.Answer(request.Ticket, new MemoryStream(Encoding.UTF8.GetBytes(text)), stop);
            }
        }
    }

    private string Interrupt(string id)
    {
        if (items[(ItemKinds.Domain, id)].Domain!.Power != PowerTarget.Running) return "";
        Interrupts++;
        return "sent";
    }

    /// <summary>Brings the copies of disks that were held back.</summary>
    public async Task SendSnapshots(CancellationToken stop)
    {
        HoldsSnapshots = false;
        foreach (var item in held.ToList())
        {
            await hub.Upload(item.Id, new MemoryStream([1, 2, 3]), stop);
            await hub.Report(new NodeReport(node, false, [Make(item)], []), stop);
        }

        held.Clear();
    }

    /// <summary>Tells of something that happened by itself.</summary>
    public Task Happen(string kind, string id, ItemState state, string? message = null)
    {
        var item = items[(kind, id)];
        return hub.Report(new NodeReport(node, false, [new ItemReport(kind, id, item.Version,
            state, message, item.Domain?.RebootCount ?? 0)], []), CancellationToken.None);
    }

    private ItemReport Make(ManifestItem item)
    {
        if (item.Absent)
        {
            items.TryRemove((item.Kind, item.Id), out _);
            return new ItemReport(item.Kind, item.Id, item.Version, ItemState.Absent);
        }

        items[(item.Kind, item.Id)] = item;
        if (Twist?.Invoke(item) is { } twisted) return twisted;
        if (item.Departure is { } departure)
            return new ItemReport(item.Kind, item.Id, item.Version, departure.Stay ? ItemState.Present : ItemState.Departed);
        if (item.Domain?.Arrival is { Here: false })
            return new ItemReport(item.Kind, item.Id, item.Version, ItemState.Arriving, new DoorSpec("192.0.2.9", 49152, new string('c', 64)).Text);
        var state = item.Domain?.Power switch
        {
            null => ItemState.Present,
            PowerTarget.Running => ItemState.Running,
            PowerTarget.Paused => ItemState.Paused,
            PowerTarget.Suspended => ItemState.Suspended,
            _ => ItemState.Shutoff,
        };
        return new ItemReport(item.Kind, item.Id, item.Version, state, null, item.Domain?.RebootCount ?? 0);
    }
}
