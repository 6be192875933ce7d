using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>The real agent with real drivers against a scripted control plane; all is destroyed afterwards.</summary>
public sealed class RealCloud : IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("sov-").FullName;
    private CancellationTokenSource running = new();
    private Task? agent;

    public RealCloud()
    {
        File.SetUnixFileMode(directory, (UnixFileMode)0x1ED);
        Options = new AgentOptions(directory, "none", "test-node")
        {
            Logging = LoggerFactory.Create(l => l.AddProvider(new TestLog())),
        };
    }

    public AgentOptions Options { get; }

    public ScriptedControlPlane Control { get; } = new()
    {
        Welcome = new NodeWelcome(Guid.NewGuid().ToString(), Guid.NewGuid()
        .ToString())
    };

    public ProcessRunner Runner { get; } = new(TimeProvider.System);

    public void Start()
    {
        running = new CancellationTokenSource();
        agent = AgentHost.Run(Options, Control, running.Token);
    }

    /// <summary>Ends the agent; guests and networks stay.</summary>
    public async Task StopAgent()
    {
        await running.CancelAsync();
        if (agent is not null) await agent;
        agent = null;
    }

    public async Task<TimeSpan> Until(string kind, string id, ItemState state, int seconds = 30)
    {
        var watch = Stopwatch.StartNew();
        while (Control.StateOf(kind, id) != state)
        {
            var seen = Control.Observed.GetValueOrDefault(kind + "/" + id);
            Assert.True(watch.Elapsed.TotalSeconds < seconds,
                $"{kind} {id} is {seen?.State.ToString() ?? "unknown"} and not {state} after {seconds} s: {seen?.Message}");
            if (agent is { IsFaulted: true }) await agent;
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        return watch.Elapsed;
    }

    public string AddImage(byte[] bytes)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Control.Images[digest] = bytes;
        return digest;
    }

    public static DomainSpec Domain(string digest, string format, long bytes, IReadOnlyList<NicSpec> nics,
        string key = "ssh-ed25519 AAAA test", bool configDrive = true, int memory = 128)
    {
        var id = Guid.NewGuid().ToString();
        var meta = $$$"""{"uuid":"{{{id}}}","name":"guest","hostname":"guest","public_keys":{"k":"{{{key}}}"},"""
            + $$$"""
            "keys":[{"name":"k","type":"ssh","data":"{{{key}}}"}],"availability_zone":"nova","launch_index":0,"project_id":"p","meta":{}}
            """;
        var guest = new GuestDataSpec(meta, "{}", "{}", Convert.ToBase64String("#!/bin/sh\necho from-user-data > /tmp/user-data-ran\n"u8),
            configDrive, "guest", "i-00000001", "m1.tiny",
            "ami-00000001", [new KeySpec("k", key)], ["default"], "nova", 0)
        { Files = [new("/etc/motd", "aGVsbG8=")] };
        return new DomainSpec(id, "p", "guest", 1, memory, PowerTarget.Running, 0, false, 20, new RootDiskSpec(digest, format, bytes,
            1L << 30), nics, guest, new HardwareSpec("virtio", "virtio", "pc", true) { Video = "virtio", Tablet = "usb" });
    }

    public async ValueTask DisposeAsync()
    {
        try { await StopAgent(); }
        finally
        {
            await AgentHost.Destroy(Options, CancellationToken.None);
            Directory.Delete(directory, recursive: true);
            Options.Logging.Dispose();
            running.Dispose();
        }
    }

    private sealed class TestLog : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose() { }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
            string> formatter) =>
            TestContext.Current.SendDiagnosticMessage(formatter(state, exception));
    }
}
