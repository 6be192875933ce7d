using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Cloud.Tests.AccessMatrix;

namespace Sovereign.Cloud.Tests.Fuzz;

/// <summary>What a run did and found.</summary>
/// <param name="Unreached">Rows that never were answered with success, though the matrix says that they can be.</param>
/// <param name="Unmade">Requests that could not be made, since a thing that they need could not.</param>
internal sealed record FuzzResult(
    int Seed, long Requests, TimeSpan Took, IReadOnlyList<Finding> Findings, IReadOnlyList<string> Unreached,
    IReadOnlyDictionary<int, int> Statuses, IReadOnlyList<string> Unmade);

/// <summary>Sends requests from a seed to one cloud, with several workers, until the count is reached.</summary>
/// <param name="answerTimeMax">What takes longer hangs; longer than any answer takes on a busy machine.</param>
internal sealed class Fuzzer(MatrixCloud cloud, HttpMessageInvoker client, int seed, TimeSpan answerTimeMax) : IDisposable
{
    /// <summary>Costly requests at once: hashing more passwords than there are processors only makes each slower.</summary>
    private readonly SemaphoreSlim costly = new(2);

    private const int Workers = 6;

    /// <summary>Tokens last an hour: what is sent after that is refused, whatever it asks.</summary>
    private static readonly TimeSpan most = TimeSpan.FromMinutes(50);
    private static readonly string[] sharing = ["shar", "visib"];
    private readonly ConcurrentDictionary<string, Finding> findings = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> reached = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, int> statuses = new();
    private readonly ConcurrentBag<string> unmade = [];
    private long begun;
    private int next;

    public void Dispose() => costly.Dispose();

    /// <param name="requests">At least so many, unless tokens would end before.</param>
    /// <param name="least">At least so long.</param>
    /// <param name="only">Rows to ask; null: all.</param>
    public async Task<FuzzResult> Run(long requests, TimeSpan least, Func<MatrixRow, bool>? only, CancellationToken stop)
    {
        begun = Stopwatch.GetTimestamp();
        var files = new MatrixFiles();
        var rows = MatrixFiles.Services.SelectMany(MatrixFiles.Rows).Where(row => only?.Invoke(row) ?? true).ToList();
        var wire = new FuzzWire(client, answerTimeMax);
        foreach (var side in new[] { "a", "b" })
        {
            wire.Own(cloud.Known["project-" + side], side);
            wire.Own(cloud.Known["domain-" + side], side);
        }

        var scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, Workers).ConcurrentScheduler;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Factory.StartNew(
            () => Work(
                worker, new FuzzTargets(cloud, files, rows, cloud.Test.Http.BaseAddress!, worker), files, rows, wire,
                () => (wire.Sent < requests || Stopwatch.GetElapsedTime(begun) < least) && Stopwatch.GetElapsedTime(begun) < most, stop),
            stop, TaskCreationOptions.None, scheduler).Unwrap()));
        var possible = rows.Where(row => row.Expected.Values.Contains("ok") && (files.RequestOf(row).Status is null or < 400)).Select(row => row.ToString());
        return new FuzzResult(
            seed, wire.Sent, Stopwatch.GetElapsedTime(begun), [.. findings.Values.OrderBy(f => f.Request.Number)], [.. possible.Where(row => !reached.ContainsKey(row))],
            statuses, [.. unmade]);
    }

    private async Task Work(int worker, FuzzTargets targets, MatrixFiles files, List<MatrixRow> rows, FuzzWire wire, Func<bool> goesOn, CancellationToken stop)
    {
        for (var i = worker; i < rows.Count; i += Workers) await Well(rows[i], targets, wire, stop);
        while (goesOn() && !stop.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref next);
            await Ask(() => targets.Make(seed, number), targets, wire, stop);
        }

        // What others did meanwhile may have been in the way.
        for (var i = worker; i < rows.Count; i += Workers)
        {
            if (!reached.ContainsKey(rows[i].ToString())) await Well(rows[i], targets, wire, stop);
        }
    }

    /// <summary>Asks as the matrix says that it is answered well.</summary>
    private async Task Well(MatrixRow row, FuzzTargets targets, FuzzWire wire, CancellationToken stop)
    {
        if (row.Expected.FirstOrDefault(e => e.Value == "ok").Key is { } persona) await Ask(() => targets.Good(row, cloud.Personas[persona]), targets, wire, stop);
    }

    private async Task Ask(Func<Task<FuzzRequest>> make, FuzzTargets targets, FuzzWire wire, CancellationToken stop)
    {
        FuzzRequest request;
        try
        {
            request = await make();
        }
        catch (Exception error) when (error is Xunit.Sdk.XunitException or InvalidOperationException)
        {
            unmade.Add(error.Message);
            return;
        }

        foreach (var (side, ids) in targets.Things.Belongings)
        {
            foreach (var id in ids) wire.Own(id, side);
        }

        var isCostly = FuzzTargets.IsCostly(request.Row);
        if (isCostly) await costly.WaitAsync(stop);
        var reply = await wire.Send(request, stop);
        if (isCostly) costly.Release();
        statuses.AddOrUpdate(reply.Status, 1, (_, count) => count + 1);
        if (reply.Status is >= 200 and <= 300 && request.Method == request.Row.Method) reached[request.Row.ToString()] = true;
        if (reply.Status is 200 or 201 or 202 && request.Method == "POST") Belongs(request, reply, wire);
        if (wire.Judge(request, reply) is not { } judged) return;
        var found = new Finding(judged.Kind, request, judged.Saw);
        var key = $"{found.Kind} {request.Row}";
        if (!findings.TryAdd(key, found)) return;
        findings[key] = await Shrinker.Shrink(found, wire, stop);
    }

    /// <summary>What a member made is its side's, unless it was made to be shared.</summary>
    private static void Belongs(FuzzRequest request, FuzzReply reply, FuzzWire wire)
    {
        if (request.Persona.Side.Length == 0 || sharing.Any(word => request.Said.Contains(word, StringComparison.Ordinal))) return;
        if (request.Row.Route.StartsWith("/identity", StringComparison.Ordinal)) return;
        try
        {
            var answer = JsonNode.Parse(reply.Body) as JsonObject;
            var made = (answer?["id"] is null ? answer?.FirstOrDefault().Value as JsonObject : answer)?["id"];
            if (made?.GetValueKind() == JsonValueKind.String) wire.Own((string)made!, request.Persona.Side);
        }
        catch (JsonException)
        {
            // An answer without JSON makes nothing known.
        }
    }
}
