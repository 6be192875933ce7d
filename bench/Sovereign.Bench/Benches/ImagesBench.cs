using System.Diagnostics;
using System.Security.Cryptography;
using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;

namespace Sovereign.Bench.Benches;

internal sealed class ImagesBench : IBench
{
    private const int Mib = 1 << 20;
    private const int SizeMib = 1024;

    /// <summary>The share of the disk's own streaming rate that an image must have; where the hashes that the API asks for are slower than the disk, of theirs.</summary>
    private const double ShareMin = 0.5;

    /// <summary>An image that is so many times as large may take so much more memory, and no more, to be called constant.</summary>
    private const double ConstantMax = 1.15;
    private const int SmallMib = SizeMib / Smaller;
    private const int Smaller = 16;

    public string Name => "images";

    public string What => "an image of 1 GiB up and down, beside writing and reading a file in the same directory; memory of the control plane";

    public void Run(BenchRun run)
    {
        BenchRun.Say("a cloud's first start");
        using var real = new RealCloud(run);
        using var tenant = new RealTenant(real);
        var (source, small, plain) = (Path.Combine(run.Directory, "image"), Path.Combine(run.Directory, "small"), Path.Combine(real.Data, "by-hand"));
        foreach (var (path, mib) in ((string, int)[])[(source, SizeMib), (small, SmallMib)])
        {
            using var file = File.Create(path);
            for (var i = 0; i < mib; i++) file.Write(RandomNumberGenerator.GetBytes(Mib));
        }

        var control = real.Processes()[0];
        var (up, written, hashed, cpuUp) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        var (down, read, cpuDown) = (new List<double>(), new List<double>(), new List<double>());
        ProcessFigures.ForgetPeak(control);
        for (var i = 0; i < run.Pairs * Smaller; i++) UpAndDown(tenant, small);
        var before = ProcessFigures.PeakMegabytes(control);
        ProcessFigures.ForgetPeak(control);
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            BenchRun.Say($"pair {pair + 1} of {run.Pairs}");
            written.Add(Seconds(() => ByHand($"if={source}", $"of={plain}", "oflag=direct", "conv=fsync")));
            hashed.Add(Seconds(() => Hashes(source)));
            var image = tenant.NewImage("bench");
            cpuUp.Add(Cpu(control, () => up.Add(Seconds(() => tenant.Upload(image, source)))));
            read.Add(Seconds(() => ByHand($"if={plain}", "of=/dev/null", "iflag=direct")));
            cpuDown.Add(Cpu(control, () => down.Add(Seconds(() => Downloaded(tenant, image, SizeMib)))));
            tenant.RemoveImage(image);
            File.Delete(plain);
        }

        Add("upload", cpuUp, up, written);
        var beside = up.Select((ours, i) => Math.Max(written[i], hashed[i]) / ours);
        run.Figures.Add(new Figure("upload: beside disk or hashes by hand", "x", Sample.Of(beside), null, Limit.AtLeast(ShareMin)));
        run.Figures.Add(new Figure("  of it the hashes by hand", "s", Sample.Of(hashed)));
        Add("download", cpuDown, down, read);
        run.Figures.Add(new Figure("download: rate", "x the disk", Sample.Of(down.Zip(read, (a, b) => b / a)), null, Limit.AtLeast(ShareMin)));
        var after = ProcessFigures.PeakMegabytes(control);
        run.Figures.Add(Figure.Once("resident memory of the control plane at its peak", "MB", after));
        run.Figures.Add(Figure.Once($"  beside that with images of {SmallMib} MiB", "x small", after / before, Limit.AtMost(ConstantMax)));
        run.Notes.Add("Random bytes, by one client over TLS, which sends a file and drops what it reads. By hand: dd of the same bytes in direct requests of 1 MiB,");
        run.Notes.Add("flushed when written; MD5, SHA-256 and SHA-512 by one openssl process each.");

        void Add(string name, List<double> cpu, List<double> ours, List<double> theirs)
        {
            run.Figures.Add(new Figure($"{name}: CPU of the control plane", "s", Sample.Of(cpu)));
            run.Figures.Add(new Figure($"{name}: time", "s", Sample.Of(ours), Sample.Of(theirs)));
        }
    }

    private static void UpAndDown(RealTenant tenant, string path)
    {
        var image = tenant.NewImage("bench");
        tenant.Upload(image, path);
        Downloaded(tenant, image, SmallMib);
        tenant.RemoveImage(image);
    }

    private static void Downloaded(RealTenant tenant, string image, int mib)
    {
        if (tenant.Download(image) is var bytes && bytes != (long)mib * Mib) throw new BenchFailedException($"The image came back with {bytes} bytes.");
    }

    private static double Seconds(Action act)
    {
        var begun = Stopwatch.GetTimestamp();
        act();
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static double Cpu(int process, Action act)
    {
        var before = ProcessFigures.CpuSeconds(process);
        act();
        return ProcessFigures.CpuSeconds(process) - before;
    }

    private static void Hashes(string path)
    {
        Process[] all =
        [
            .. ((string[])["-md5", "-sha256", "-sha512"]).Select(hash =>
                Process.Start(new ProcessStartInfo("openssl", ["dgst", hash, path]) { RedirectStandardOutput = true })!),
        ];
        foreach (var one in all)
        {
            one.WaitForExit();
            if (one.ExitCode != 0) throw new BenchFailedException($"openssl ended with {one.ExitCode}; its reason is above.");
            one.Dispose();
        }
    }

    private static void ByHand(params string[] words)
    {
        using var run = Process.Start("dd", [.. words, "bs=1M", "status=none"]);
        run.WaitForExit();
        if (run.ExitCode != 0) throw new BenchFailedException($"dd {string.Join(' ', words)} ended with {run.ExitCode}; its reason is above.");
    }
}
