using System.Diagnostics;
using System.Security.Cryptography;
using Dapper;
using Sovereign.Bench.Figures;
using Sovereign.Bench.Servers;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Bench.Benches;

/// <summary>The parts that every request or change goes through, each beside the bare library call under it.</summary>
internal sealed class MicroBench : IBench
{
    private const int GroupWriters = 64;
    private const int TokenTurns = 20_000;
    private readonly byte[] plain = new byte[120];

    public string Name => "micro";

    public string What => "the write queue beside bare SQLite, tokens beside bare AES-GCM, in this process";

    public void Run(BenchRun run)
    {
        var kernel = BenchKernel.Make(Path.Combine(run.Directory, "data"));
        try
        {
            kernel.Start([], CancellationToken.None).GetAwaiter().GetResult();
            Writes(run, kernel);
            Tokens(run, kernel);
        }
        finally
        {
            kernel.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static void Writes(BenchRun run, KernelServices kernel)
    {
        var count = run.Long ? 2_000 : 300;
        using var bare = new SqliteEngine(Path.Combine(run.Directory, "bare.db"));
        using var connection = bare.OpenWriter();
        connection.Execute("CREATE TABLE cloud (name TEXT PRIMARY KEY, value TEXT NOT NULL)");
        var next = 0;
        const string Insert = "INSERT INTO cloud (name, value) VALUES (@name, 'x')";
        string Name() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"bench-{Interlocked.Increment(ref next)}");
        Task Queued() => kernel.Queue.Write<Done>("bench.write", Origin.System, tx =>
        {
            tx.Execute(Insert, new { name = Name() });
            return Done.Value;
        });

        Pairs(run, "durable writes, one after another", "writes/s", count, () =>
        {
            for (var i = 0; i < count; i++) Queued().GetAwaiter().GetResult();
        }, () =>
        {
            for (var i = 0; i < count; i++) connection.Execute(Insert, new { name = Name() });
        });
        Pairs(run, $"durable writes, {GroupWriters} writers at once", "writes/s", count * 10, () =>
        {
            var writers = Enumerable.Range(0, GroupWriters).Select(async _ =>
            {
                for (var i = 0; i < count * 10 / GroupWriters; i++) await Queued();
            });
            Task.WhenAll(writers).GetAwaiter().GetResult();
        }, () =>
        {
            for (var group = 0; group < count * 10 / GroupWriters; group++)
            {
                connection.Execute("BEGIN IMMEDIATE");
                for (var i = 0; i < GroupWriters; i++) connection.Execute(Insert, new { name = Name() });
                connection.Execute("COMMIT");
            }
        });
        run.Notes.Add("Writes: the baseline is the same statement on a connection with the same pragmas (WAL, synchronous=FULL), alone or 64 to a transaction.");
    }

    private void Tokens(BenchRun run, KernelServices kernel)
    {
        var payload = new TokenPayload(
            kernel.Ids.Hex(), ScopeKind.Project, kernel.Ids.Hex(), AuthMethods.Password, kernel.Clock.Now(), kernel.Clock.Now() + 1, kernel.Randomness.Bytes(16), null, null);
        var token = kernel.Tokens.Seal(payload);
        var key = kernel.Randomness.Bytes(32);
        using var aes = new AesGcm(key, 16);
        var (nonce, cipher, tag, back) = (new byte[12], new byte[plain.Length], new byte[16], new byte[plain.Length]);
        Pairs(run, "tokens sealed", "tokens/s", TokenTurns, () =>
        {
            for (var i = 0; i < TokenTurns; i++) kernel.Tokens.Seal(payload);
        }, () =>
        {
            for (var i = 0; i < TokenTurns; i++) aes.Encrypt(nonce, plain, cipher, tag);
        });
        Pairs(run, "tokens opened", "tokens/s", TokenTurns, () =>
        {
            for (var i = 0; i < TokenTurns; i++) kernel.Tokens.Open(token);
        }, () =>
        {
            for (var i = 0; i < TokenTurns; i++) aes.Decrypt(nonce, cipher, tag, back);
        });
        run.Notes.Add("Tokens: the baseline is AES-256-GCM alone over 120 bytes with a cipher that is ready.");
    }

    private static void Pairs(BenchRun run, string name, string unit, int count, Action ours, Action theirs)
    {
        ours();
        theirs();
        var (a, b) = (new List<double>(), new List<double>());
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            if (pair % 2 == 0) a.Add(PerSecond(count, ours));
            b.Add(PerSecond(count, theirs));
            if (pair % 2 == 1) a.Add(PerSecond(count, ours));
        }

        run.Figures.Add(new Figure(name, unit, Sample.Of(a), Sample.Of(b)));
    }

    private static double PerSecond(int count, Action action)
    {
        var begun = Stopwatch.GetTimestamp();
        action();
        return count / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }
}
