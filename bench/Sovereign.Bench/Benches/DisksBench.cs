using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;

namespace Sovereign.Bench.Benches;

internal sealed class DisksBench : IBench
{
    /// <summary>The share of QEMU by hand that a guest's disk must reach.</summary>
    private const double ShareMin = 0.9;
    private const double CpuShareMax = 1.1;
    private const string Begin = "BENCH begin";
    private const string End = "BENCH end";
    private static readonly TimeSpan guestTimeMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan lookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Each line is one measurement of the guest: a name, what was done, and the seconds that it took by the guest's clock.</summary>
    private static readonly string script =
        """
        #!/bin/sh
        exec > /dev/ttyS0 2>&1
        now() { cut -d' ' -f1 /proc/uptime; }
        took() { name=$1; shift; from=$(now); "$@"; echo "BENCH $name $from $(now)"; }
        scattered() { i=0; at=7; while [ $i -lt 200 ]; do i=$((i+1)); at=$(((at * 1103 + 12345) % 32749)); "$@" $at; done; }
        put() { dd if=/dev/zero of=/dev/vdb bs=4k count=1 seek=$1 oflag=direct conv=fsync,notrunc 2>/dev/null; }
        get() { dd if=/dev/vdb of=/dev/null bs=4k count=1 skip=$1 iflag=direct 2>/dev/null; }
        echo "BENCH begin"
        took write dd if=/dev/zero of=/dev/vdb bs=1M count=256 oflag=direct conv=fsync
        took read dd if=/dev/vdb of=/dev/null bs=1M count=256 iflag=direct
        took scattered-write scattered put
        took scattered-read scattered get
        echo "BENCH end"
        """;

    private static readonly (string Name, string Of)[] measurements =
        [("write", "256 MiB in order"), ("read", "256 MiB in order"), ("scattered-write", "200 x 4 KiB, each flushed"), ("scattered-read", "200 x 4 KiB")];

    public string Name => "disks";

    public string What => "a guest's reads and writes on a volume, beside QEMU by hand with the same arguments";

    public void Run(BenchRun run)
    {
        BenchRun.Say("a cloud's first start");
        using var real = new RealCloud(run);
        using var tenant = new RealTenant(real);
        tenant.DeleteServer(tenant.Server().Id);   // The first one fetches the image to the node.
        var (ours, theirs) = (new List<Guest>(), new List<Guest>());
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            BenchRun.Say($"pair {pair + 1} of {run.Pairs}");
            var (a, b) = Pair(tenant, Path.Combine(run.Directory, $"hand-{pair}"), oursFirst: pair % 2 == 0);
            ours.Add(a);
            theirs.Add(b);
        }

        var cpu = ours.Zip(theirs, (a, b) => a.CpuSeconds / b.CpuSeconds);
        run.Figures.Add(new Figure(
            "CPU of QEMU", "s", Sample.Of(ours.Select(guest => guest.CpuSeconds)), Sample.Of(theirs.Select(guest => guest.CpuSeconds))));
        run.Figures.Add(new Figure("CPU of QEMU, share of by hand", "x by hand", Sample.Of(cpu), null, Limit.AtMost(CpuShareMax)));
        foreach (var (name, of) in measurements)
        {
            run.Figures.Add(new Figure(
                $"{name}: {of}", "s", Sample.Of(ours.Select(guest => guest.Seconds[name])), Sample.Of(theirs.Select(guest => guest.Seconds[name]))));
            run.Figures.Add(new Figure(
                $"{name}: rate", "x by hand", Sample.Of(ours.Zip(theirs, (a, b) => b.Seconds[name] / a.Seconds[name])), null, Limit.AtLeast(ShareMin)));
        }

        run.Notes.Add("Backend: files. One guest runs at a time, who begins alternates; by hand: the same arguments over copies of the same files.");
        run.Notes.Add("The clock is the guest's.");
        run.Notes.Add("In order: one direct request of 1 MiB after another. Scattered: one process of the guest each, so that much of the time is the guest's own.");
    }

    private static (Guest Ours, Guest Theirs) Pair(RealTenant tenant, string directory, bool oursFirst)
    {
        var volume = tenant.Make("volume", """ "size": 1 """).Id;
        var data = Convert.ToBase64String(Encoding.UTF8.GetBytes(script));
        var members = new JsonArray(
            new JsonObject { ["source_type"] = "image", ["uuid"] = tenant.Image, ["destination_type"] = "local", ["boot_index"] = 0, ["delete_on_termination"] = true },
            new JsonObject { ["source_type"] = "volume", ["uuid"] = volume, ["destination_type"] = "volume", ["boot_index"] = -1 });
        var server = tenant.Server($$""", "config_drive": true, "user_data": "{{data}}", "block_device_mapping_v2": {{members.ToJsonString()}}""").Id;
        using var hand = new HandStartedVm(server, directory);   // Before its twin has come to write.
        Guest ours, theirs;
        if (oursFirst)
        {
            ours = Watch(hand.OriginalConsole, hand.OriginalProcessId);
            tenant.Pause(server, paused: true);
            theirs = Alone();
        }
        else
        {
            tenant.Pause(server, paused: true);
            theirs = Alone();
            tenant.Pause(server, paused: false);
            ours = Watch(hand.OriginalConsole, hand.OriginalProcessId);
        }

        tenant.DeleteServer(server);
        tenant.Free(volume);
        tenant.Remove("volume", volume);
        return (ours, theirs);

        Guest Alone()
        {
            hand.Start();
            var guest = Watch(hand.Console, hand.ProcessId);
            hand.Stop();
            return guest;
        }
    }

    /// <summary>Waits for a guest's last line, and counts the CPU of its process between the first and the last.</summary>
    private static Guest Watch(string console, int process)
    {
        Await(console, Begin);
        var before = ProcessFigures.CpuSeconds(process);
        var said = Await(console, End);
        var cpu = ProcessFigures.CpuSeconds(process) - before;
        var lines = said.Split('\n').Select(line => line.Trim().Split(' ')).Where(words => words is ["BENCH", _, _, _]);
        return new Guest(cpu, lines.ToDictionary(words => words[1], words => Seconds(words[3]) - Seconds(words[2])));
    }

    private static string Await(string console, string mark)
    {
        var begun = Stopwatch.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        while (true)
        {
            using (var file = new FileStream(console, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            using (var reader = new StreamReader(file))
                if (reader.ReadToEnd() is var said && said.Contains(mark, StringComparison.Ordinal)) return said;
            if (Stopwatch.GetElapsedTime(begun) > guestTimeMax)
                throw new BenchFailedException($"The guest did not say '{mark}' within {guestTimeMax.TotalMinutes:F0} minutes; see {console}.");
            pause.Wait(lookEvery);
        }
    }

    private static double Seconds(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>What one run in a guest took.</summary>
    private sealed record Guest(double CpuSeconds, IReadOnlyDictionary<string, double> Seconds);
}
