using Microsoft.Extensions.Logging;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Bench.Servers;

/// <summary>A kernel as production composes it: SQLite with a durable commit, real clock, ids and randomness; warnings to standard error.</summary>
internal static class BenchKernel
{
    public const string PublicUrl = "http://127.0.0.1";

    public static KernelServices Make(string directory)
    {
        Directory.CreateDirectory(directory);
        var randomness = new SystemRandomness();
        return new KernelServices(
            new CloudSettings(PublicUrl, "RegionOne", directory),
            new SqliteEngine(Path.Combine(directory, "sovereign.db")),
            MasterKey.LoadOrCreate(Path.Combine(directory, "master.key"), randomness),
            new KernelSources(TimeProvider.System, new RandomIds(), randomness, new NoCrashPoints(), new ErrorLogs()),
            new Policy(new Dictionary<string, string>()));
    }

    private sealed class ErrorLogs : ILoggerFactory, ILogger
    {
        public void AddProvider(ILoggerProvider provider)
        {
            // One place for all lines: standard error.
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Console.Error.WriteLine($"{logLevel}: {formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
            // Standard error stays open.
        }
    }
}
