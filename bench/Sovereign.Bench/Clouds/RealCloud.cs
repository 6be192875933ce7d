using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using YamlDotNet.RepresentationModel;

namespace Sovereign.Bench.Clouds;

/// <summary>A whole cloud of its own on this machine, started and removed by the built program: both processes, TLS, real virtual machines.</summary>
internal sealed class RealCloud : IDisposable
{
    private static readonly TimeSpan readyTimeMax = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan answerTimeMax = TimeSpan.FromMinutes(5);
    private readonly string program;
    private readonly string image;
    private X509Certificate2? authority;

    public RealCloud(BenchRun run)
    {
        program = Path.Combine(run.Root, "out", "program", "sovereign");
        image = Path.Combine(run.Root, "out", "image", "tiny.qcow2");
        if (!Environment.IsPrivilegedProcess) throw new BenchFailedException("This starts a cloud and needs root: sudo ./sovereign bench.");
        if (!File.Exists(program) || !File.Exists(image)) throw new BenchFailedException($"{program} or {image} is not built; scripts/bench.sh builds them.");
        Data = Directory.CreateDirectory($"/var/tmp/sovereign-bench-{Environment.ProcessId}").FullName;
        Port = FreePort();
        try
        {
            Up();
            WaitReady();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Data { get; }

    public int Port { get; }

    public void Up()
    {
        var listen = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");
        Checked("up", "--data", Data, "--listen", listen, "--detach", "--tiny-image", image);
    }

    public void Down() => Checked("down", "--data", Data);

    /// <summary>Starts the cloud again.</summary>
    /// <returns>Seconds from starting the program to the API's first answer, as a client sees it.</returns>
    public double SecondsToApi()
    {
        var begun = Stopwatch.GetTimestamp();
        using var up = Start("up", "--data", Data, "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}"), "--detach", "--tiny-image", image);
        using var http = Client();
        while (!Answers(http))
        {
            if (Stopwatch.GetElapsedTime(begun) > readyTimeMax) throw new BenchFailedException("The API does not come up; see the logs in the data directory.");
        }

        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        up.WaitForExit();
        return seconds;
    }

    /// <summary>Time of the program that does nothing but say its version, seconds.</summary>
    public double SecondsOfNothing()
    {
        var begun = Stopwatch.GetTimestamp();
        using var process = Start("--version");
        process.WaitForExit();
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    public void WaitReady()
    {
        var begun = Stopwatch.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        while (true)
        {
            using var status = Start("status", "--data", Data);
            status.WaitForExit();
            if (status.ExitCode == 0) return;
            if (Stopwatch.GetElapsedTime(begun) > readyTimeMax) throw new BenchFailedException($"The cloud is not ready after {readyTimeMax.TotalMinutes:F0} minutes: sovereign status --data {Data}");
            pause.Wait(TimeSpan.FromMilliseconds(500));
        }
    }

    /// <summary>A client that trusts this cloud's CA alone.</summary>
    public HttpClient Client()
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
            },
        };
        authority ??= X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Data, "ca.pem"));
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(authority);
        return new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{Port}"), Timeout = answerTimeMax };
    }

    /// <summary>Password of the tenant's user, from the client configuration that the cloud wrote.</summary>
    public string DemoPassword()
    {
        var yaml = new YamlStream();
        using var file = File.OpenText(Path.Combine(Data, "clouds.yaml"));
        yaml.Load(file);
        return yaml.Documents[0].RootNode["clouds"]["sovereign"]["auth"]["password"].ToString();
    }

    /// <summary>Process ids of the control plane and the node agent.</summary>
    public IReadOnlyList<int> Processes() =>
        [.. ((string[])["sovereign.pid", "node.pid"]).Select(name => int.Parse(File.ReadAllText(Path.Combine(Data, name)).Trim(), CultureInfo.InvariantCulture))];

    public void Dispose()
    {
        using var destroy = Start("down", "--data", Data, "--destroy");
        destroy.WaitForExit();
        authority?.Dispose();
        if (Directory.Exists(Data)) Directory.Delete(Data, recursive: true);
    }

    private static bool Answers(HttpClient http)
    {
        try
        {
            using var answer = http.GetAsync(new Uri("/status", UriKind.Relative)).GetAwaiter().GetResult();
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;   // Nobody listens yet; the kernel says so at once.
        }
    }

    private void Checked(params string[] arguments)
    {
        using var process = Start(arguments);
        process.WaitForExit();
        if (process.ExitCode != 0) throw new BenchFailedException($"sovereign {string.Join(' ', arguments)} ended with {process.ExitCode}; its reason is above.");
    }

    private Process Start(params string[] arguments)
    {
        // What it says goes to standard error, so that our standard output is the tables alone.
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
