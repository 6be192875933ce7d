using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Sovereign.Node.Balancers;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Xunit;

namespace Sovereign.Node.Tests.Balancers;

/// <summary>Real HAProxy processes on the loopback address, without namespaces.</summary>
public sealed class HaproxyBalancersTests : BalancersContract, IAsyncDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("sovereign-balancers-");
    private readonly HaproxyBalancers driver;
    private readonly ConcurrentQueue<string> changes = new();
    private readonly List<EchoServer> servers = [];

    public HaproxyBalancersTests()
    {
        Port = FreePort();
        File.SetUnixFileMode(directory.FullName, (UnixFileMode)0x1C9);   // 0711
        driver = new HaproxyBalancers(Options, new ProcessRunner(TimeProvider.System)) { Changed = changes.Enqueue };
    }

    protected override IBalancers Driver => driver;

    protected override int Port { get; }

    // Root runs them as nodes do: by HAProxy's own user.
    private HaproxyOptions Options => new(Path.Combine(directory.FullName, "balancers"), _ => null, Environment.UserName == "root" ? "haproxy" : null);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await driver.Destroy(CancellationToken.None);
        driver.Dispose();
        foreach (var server in servers) server.Dispose();
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Requests_go_to_all_members_and_past_a_dead_one()
    {
        var (first, second) = (Server("one"), Server("two"));
        var spec = Spec(monitor: true, first, second);
        await driver.Ensure(spec, Stop);
        Assert.Equal(["one", "two"], await Answers(6));
        first.Dispose();
        await Until(async () => (await driver.Ensure(spec, Stop)).Down.SequenceEqual(["m0"]), TimeSpan.FromSeconds(10));
        Assert.Contains("lb", changes);
        Assert.Equal(["two"], await Answers(4));
        var counters = (await driver.Count("lb", Stop))!.Listeners.Single();
        Assert.True(counters.Total >= 10 && counters.BytesOut > 0, counters.ToString());
    }

    [Fact]
    public async Task A_change_drops_no_connection_and_loses_no_count()
    {
        var spec = Spec(monitor: false, Server("one")) with { Listeners = [BalancerSpecs.Listener("web", "TCP", Port, "pool")] };
        await driver.Ensure(spec, Stop);
        using var line = await Connect();
        Assert.Equal("one", await Talk(line));
        var server = Server("two");
        await driver.Ensure(spec with { Pools = [BalancerSpecs.Pool("pool", "TCP", BalancerSpecs.Member("m9", server.Port))] }, Stop);
        Assert.Equal("one", await Talk(line));
        using var next = await Connect();
        Assert.Equal("two", await Talk(next));
        Assert.True((await driver.Count("lb", Stop))!.Listeners.Single().Total >= 2);
    }

    [Fact]
    public async Task A_certificate_is_replaced_while_a_connection_is_open()
    {
        var spec = Spec(monitor: false, Server("one"));
        BalancerSpec With(string name) => spec with
        {
            Listeners = [BalancerSpecs.Listener("web", "TERMINATED_HTTPS", Port, "pool") with { Certificates = [BalancerSpecs.Pem(name)] }],
        };
        await driver.Ensure(With("before.example"), Stop);
        var (line, subject) = await Tls();
        Assert.Equal("CN=before.example", subject);
        await driver.Ensure(With("after.example"), Stop);
        Assert.StartsWith("HTTP/1.1 200", await Get(line), StringComparison.Ordinal);
        await line.DisposeAsync();
        var (next, other) = await Tls();
        Assert.Equal("CN=after.example", other);
        await next.DisposeAsync();
        Assert.Single(Directory.GetDirectories(Path.Combine(directory.FullName, "balancers", "lb"), "crt-*"));
    }

    [Fact]
    public async Task A_process_that_dies_is_told_of_at_once_and_made_anew()
    {
        var spec = Spec(monitor: false, Server("one"));
        await driver.Ensure(spec, Stop);
        changes.Clear();
        Native.Kill(Master());
        await Until(() => Task.FromResult(changes.Contains("lb")), TimeSpan.FromSeconds(1));
        await driver.Ensure(spec, Stop);
        Assert.Equal(["one"], await Answers(2));
    }

    [Fact]
    public async Task Another_agent_finds_the_process_and_leaves_it_alone()
    {
        var spec = Spec(monitor: false, Server("one"));
        await driver.Ensure(spec, Stop);
        var master = Master();
        using var later = new HaproxyBalancers(Options, new ProcessRunner(TimeProvider.System));
        await later.Ensure(spec, Stop);
        Assert.Equal(master, Master());
        await later.Ensure(spec with { Generation = 1 }, Stop);
        Assert.NotEqual(master, Master());
        await later.Remove("lb", Stop);
        Assert.True(ProcessEnd.Reached(master));
        Assert.Empty(await later.List(Stop));
    }

    [Fact]
    public async Task What_haproxy_refuses_changes_nothing()
    {
        var spec = Spec(monitor: false, Server("one"));
        await driver.Ensure(spec, Stop);
        var broken = spec with { Listeners = [spec.Listeners[0] with { Policies = [new("p", "REJECT", null, null, 302, [new("PATH", "REGEX", null, "(?<", false)])] }] };
        var failure = await Assert.ThrowsAsync<NodeException>(() => driver.Ensure(broken, Stop));
        Assert.Contains("refuses", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["one"], await Answers(1));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private EchoServer Server(string name)
    {
        var server = new EchoServer(name);
        servers.Add(server);
        return server;
    }

    private BalancerSpec Spec(bool monitor, params EchoServer[] members) => new(
        "lb", "port", ["127.0.0.1"], [BalancerSpecs.Listener("web", "HTTP", Port, "pool")],
        [
            BalancerSpecs.Pool("pool", "HTTP", [.. members.Select((server, i) => BalancerSpecs.Member($"m{i}", server.Port))]) with
            {
                Monitor = monitor ? BalancerSpecs.Monitor("TCP") : null,
            },
        ]);

    private int Master() => int.Parse(
        File.ReadAllText(Path.Combine(directory.FullName, "balancers", "lb", "haproxy.pid")).Trim(), System.Globalization.CultureInfo.InvariantCulture);

    private async Task<TcpClient> Connect()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port, Stop);
        return client;
    }

    /// <summary>Who answers, sorted.</summary>
    private async Task<IReadOnlyList<string>> Answers(int requests)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < requests; i++)
        {
            using var line = await Connect();
            names.Add(await Talk(line));
        }
        return [.. names];
    }

    private static async Task<string> Talk(TcpClient line) => (await Get(line.GetStream())).Split("\r\n\r\n")[1];

    private static async Task<string> Get(Stream stream)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), Stop);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) || text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, Stop);
            if (read == 0) throw new IOException("The connection was closed after: " + text);
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        return text.ToString();
    }

    private async Task<(SslStream Line, string Subject)> Tls()
    {
        var client = await Connect();
        // The test looks at the certificate itself; the stream is the caller's.
#pragma warning disable CA5359, CA2000
        var line = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359, CA2000
        await line.AuthenticateAsClientAsync("a.example");
        return (line, line.RemoteCertificate!.Subject);
    }

    private static async Task Until(Func<Task<bool>> reached, TimeSpan limit)
    {
        var end = TimeProvider.System.GetUtcNow() + limit;
        while (!await reached())
        {
            if (TimeProvider.System.GetUtcNow() > end) Assert.Fail("It did not come to be.");
            await Task.Delay(20, Stop);
        }
    }

    /// <summary>A web server that says its name on every request and keeps connections open.</summary>
    private sealed class EchoServer : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly string name;

        public EchoServer(string name)
        {
            this.name = name;
            listener.Start();
            _ = Accept();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public void Dispose() => listener.Dispose();

        private async Task Accept()
        {
            try
            {
                while (true) _ = Serve(await listener.AcceptTcpClientAsync());
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException) { /* it is closed */ }
        }

        private async Task Serve(TcpClient client)
        {
            using var line = client;
            var buffer = new byte[4096];
            try
            {
                while (await line.GetStream().ReadAsync(buffer) > 0)
                {
                    await line.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {name.Length}\r\n\r\n{name}"));
                }
            }
            catch (IOException) { /* the other side is gone */ }
        }
    }
}
