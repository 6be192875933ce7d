using System.Globalization;
using System.Runtime.InteropServices;
using Sovereign.Bench;
using Sovereign.Bench.Benches;
using Sovereign.Bench.Figures;
using Sovereign.Bench.Servers;

if (args is ["--server", .. var server]) return await ServerKinds.Run(server);

IBench[] benches =
[
    new PipelineBench(), new TokenBench(), new ServersBench(), new ThousandBench(), new ListsBench(), new RolesBench(), new GroupsBench(), new StartBench(),
    new BootBench(), new DisksBench(), new VolumesBench(), new ImagesBench(), new MicroBench(),
];
var isLong = args.Contains("--long");
var names = args.Where(argument => argument != "--long").ToList();
if (names.FirstOrDefault(name => benches.All(bench => bench.Name != name)) is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'; there are:");
    foreach (var bench in benches) Console.Error.WriteLine($"  {bench.Name,-10} {bench.What}");
    return 2;
}

var root = Environment.GetEnvironmentVariable("SOVEREIGN_ROOT") ?? Directory.GetCurrentDirectory();
var output = Path.Combine(root, "out", "bench");
var machine = new Machine(
    Environment.ProcessorCount, Cpu(), RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription,
    TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), isLong ? "long" : "quick");
var good = true;
foreach (var bench in benches.Where(bench => names.Count == 0 || names.Contains(bench.Name)))
{
    var report = Measure(bench);
    report.Write(output);
    report.Print(Console.Out);
    good &= report.Good;
}

Console.WriteLine($"\nJSON of each in {output}");
return good ? 0 : 1;

BenchReport Measure(IBench bench)
{
    var directory = Directory.CreateTempSubdirectory("sovereign-bench-").FullName;
    var run = new BenchRun(isLong, directory, root);
    string? failure = null;
    try
    {
        bench.Run(run);
    }
    catch (Exception error)
    {
        failure = error is BenchFailedException ? error.Message : error.ToString();
    }
    finally
    {
        Directory.Delete(directory, recursive: true);
    }

    return new BenchReport(bench.Name, bench.What, run.Figures, run.Notes, failure) { Machine = machine };
}

static string Cpu() =>
    File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[1] ?? "unknown";
