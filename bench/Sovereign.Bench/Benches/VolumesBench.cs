using System.Security.Cryptography;
using System.Text;
using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;

namespace Sovereign.Bench.Benches;

internal sealed class VolumesBench : IBench
{
    private const int Mib = 1 << 20;
    private const int SmallMib = 16;
    private const int LargeMib = 512;
    private const int ChangedMib = 4;

    /// <summary>Thirty-two times the bytes may take so much longer, and no more, to be called constant.</summary>
    private const double ConstantMax = 1.25;

    /// <summary>What may be read besides the changed bytes themselves: a cluster is 64 KiB, and there are answers and messages.</summary>
    private const double ReadMibMax = ChangedMib + 2;

    public string Name => "volumes";

    public string What => "volumes from images and snapshots, small and large ones in turn; what an incremental backup reads, beside a full one";

    public void Run(BenchRun run)
    {
        BenchRun.Say("a cloud's first start");
        using var real = new RealCloud(run);
        using var tenant = new RealTenant(real);
        BenchRun.Say("images");
        var (small, large) = (Image(tenant, run, SmallMib), Image(tenant, run, LargeMib));
        // The first one fetches the image to the node.
        foreach (var image in (string[])[small, large]) tenant.Remove("volume", FromImage(tenant, image).Id);
        Compare(run, "volume from an image", () => Cloned(tenant, small), () => Cloned(tenant, large));
        var (empty, full) = (tenant.Make("volume", """ "size": 1 """).Id, tenant.Make("volume", """ "size": 1 """).Id);
        Write(tenant, full, $"count={LargeMib}");
        Compare(run, "snapshot", () => Snapshot(tenant, empty), () => Snapshot(tenant, full));
        Backups(run, tenant, real.Processes()[1], full);
        run.Notes.Add($"Images of {SmallMib} and {LargeMib} MiB of random bytes, in the node's cache; snapshots of an empty volume and of one with {LargeMib} MiB.");
        run.Notes.Add("Times are from POST until available.");
        run.Notes.Add($"Read: bytes that the node's agent read from files and sockets, of a volume in which a guest wrote {LargeMib} MiB, and then {ChangedMib} MiB.");
    }

    private static void Compare(BenchRun run, string name, Func<double> small, Func<double> large)
    {
        var (few, many) = (new List<double>(), new List<double>());
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            BenchRun.Say($"{name}: pair {pair + 1} of {run.Pairs}");
            few.Add(small());
            many.Add(large());
        }

        run.Figures.Add(new Figure($"{name}: large, beside small", "ms", Sample.Of(many), Sample.Of(few)));
        run.Figures.Add(new Figure($"{name}: large", "x small", Sample.Of(many.Zip(few, (a, b) => a / b)), null, Limit.AtMost(ConstantMax)));
    }

    private static void Backups(BenchRun run, RealTenant tenant, int agent, string volume)
    {
        var (whole, changed) = (new List<double>(), new List<double>());
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            BenchRun.Say($"backups: pair {pair + 1} of {run.Pairs}");
            var (full, read) = Backup(tenant, agent, volume, incremental: false);
            whole.Add(read);
            Write(tenant, volume, $"count={ChangedMib} seek={pair * ChangedMib}");
            var (more, readMore) = Backup(tenant, agent, volume, incremental: true);
            changed.Add(readMore);
            tenant.Remove("backup", more);
            tenant.Remove("backup", full);
        }

        run.Figures.Add(new Figure("an incremental backup reads", "MiB", Sample.Of(changed), Sample.Of(whole), Limit.AtMost(ReadMibMax)));
    }

    private static (string Id, double Mib) Backup(RealTenant tenant, int agent, string volume, bool incremental)
    {
        var before = ProcessFigures.BytesRead(agent);
        var (id, _) = tenant.Make("backup", $""" "volume_id": "{volume}", "incremental": {(incremental ? "true" : "false")} """);
        return (id, (ProcessFigures.BytesRead(agent) - before) / (double)Mib);
    }

    private static double Cloned(RealTenant tenant, string image)
    {
        var (id, milliseconds) = FromImage(tenant, image);
        tenant.Remove("volume", id);
        return milliseconds;
    }

    private static (string Id, double Milliseconds) FromImage(RealTenant tenant, string image) => tenant.Make("volume", $""" "size": 1, "imageRef": "{image}" """);

    private static double Snapshot(RealTenant tenant, string volume)
    {
        var (id, milliseconds) = tenant.Make("snapshot", $""" "volume_id": "{volume}" """);
        tenant.Remove("snapshot", id);
        return milliseconds;
    }

    /// <summary>Has a guest write random bytes to a volume.</summary>
    private static void Write(RealTenant tenant, string volume, string where)
    {
        var script = $"#!/bin/sh\ndd if=/dev/urandom of=/dev/vdb bs=1M {where} oflag=direct conv=fsync,notrunc 2>/dev/null\npoweroff -f\n";
        var disks = $$"""
            [{"source_type": "image", "uuid": "{{tenant.Image}}", "destination_type": "local", "boot_index": 0, "delete_on_termination": true},
             {"source_type": "volume", "uuid": "{{volume}}", "destination_type": "volume", "boot_index": -1}]
            """;
        var data = Convert.ToBase64String(Encoding.UTF8.GetBytes(script));
        var server = tenant.Server($$""", "config_drive": true, "user_data": "{{data}}", "block_device_mapping_v2": {{disks}}""").Id;
        tenant.UntilOff(server);
        tenant.DeleteServer(server);
        tenant.Free(volume);
    }

    private static string Image(RealTenant tenant, BenchRun run, int mib)
    {
        var path = Path.Combine(run.Directory, $"image-{mib}");
        using (var file = File.Create(path))
            for (var i = 0; i < mib; i++) file.Write(RandomNumberGenerator.GetBytes(Mib));
        var image = tenant.NewImage($"bench-{mib}");
        tenant.Upload(image, path);
        File.Delete(path);
        return image;
    }
}
