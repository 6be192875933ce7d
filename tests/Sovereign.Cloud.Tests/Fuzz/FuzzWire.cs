using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Fuzz;

/// <summary>Sends requests and judges the answers: no 500, an answer in time, nothing of the other side.</summary>
/// <param name="answerTimeMax">What takes longer hangs.</param>
internal sealed class FuzzWire(HttpMessageInvoker client, TimeSpan answerTimeMax)
{
    /// <summary>How an overloaded identity service says that it is: the one 5xx that is as it should be.</summary>
    private const string Overload = "Too many passwords are being verified";

    private readonly ConcurrentDictionary<string, string> sides = new(StringComparer.Ordinal);

    /// <summary>Ids that somebody of the other side wrote where they may have been kept: in a name, in a tag.</summary>
    private readonly ConcurrentDictionary<string, bool> told = new(StringComparer.OrdinalIgnoreCase);
    private long sent;

    public long Sent => Interlocked.Read(ref sent);

    /// <summary>This id belongs to a side.</summary>
    public void Own(string id, string side)
    {
        if (id.Length is 32 or 36) sides.TryAdd(id, side);
    }

    public async Task<FuzzReply> Send(FuzzRequest request, CancellationToken stop)
    {
        Interlocked.Increment(ref sent);
        if (request.Method.ToUpperInvariant() is not ("GET" or "HEAD")) Tell(request);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(answerTimeMax);
        try
        {
            using var message = request.Message();
            using var response = await client.SendAsync(message, patience.Token);
            return new FuzzReply((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(patience.Token));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new FuzzReply(0, []);
        }
        catch (Exception error) when (error is HttpRequestException or FormatException or UriFormatException or IOException)
        {
            return new FuzzReply(-1, Encoding.UTF8.GetBytes(error.Message));   // Not a request that HTTP can carry, or the server hung up on it.
        }
    }

    /// <summary>What is wrong with an answer, or null.</summary>
    public (string Kind, string Saw)? Judge(FuzzRequest request, FuzzReply reply)
    {
        if (reply.Status == 0) return ("hang", $"no answer in {answerTimeMax.TotalSeconds} s");
        // 501 is said with a sentence about what no node here can do.
        if (reply.Status >= 500 && reply.Status != 501 && !IsOverload(reply)) return ("500", $"{reply.Status} {Encoding.UTF8.GetString(reply.Body)}");
        return Foreign(request, reply) is { } id ? ("foreign", $"{reply.Status} shows {id}") : null;
    }

    private static bool IsOverload(FuzzReply reply) => reply.Status == 503 && Encoding.UTF8.GetString(reply.Body).Contains(Overload, StringComparison.Ordinal);

    private void Tell(FuzzRequest request)
    {
        if (request.Persona.Side.Length == 0) return;
        foreach (var id in Others(request, Encoding.UTF8.GetBytes(request.Said.ToLowerInvariant()))) told[id] = true;
    }

    /// <summary>An id of the other side in an answer to a request that did not name it.</summary>
    private string? Foreign(FuzzRequest request, FuzzReply reply) => request.Persona.Side.Length == 0 || request.Persona.Name == "system-reader" ? null
        : Others(request, reply.Body).FirstOrDefault(id => !told.ContainsKey(id) && !request.Said.Contains(id, StringComparison.OrdinalIgnoreCase));

    /// <summary>The ids in a text that belong to the other side.</summary>
    private List<string> Others(FuzzRequest request, ReadOnlySpan<byte> text)
    {
        var found = new List<string>();
        var begin = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var inside = i < text.Length && (char.IsAsciiHexDigitLower((char)text[i]) || text[i] == '-');
            if (inside && begin < 0) begin = i;
            if (inside || begin < 0) continue;
            if (i - begin is 32 or 36 && Encoding.ASCII.GetString(text[begin..i]) is var id && sides.TryGetValue(id, out var side)
                && side != request.Persona.Side) found.Add(id);
            begin = -1;
        }

        return found;
    }
}

/// <summary>Makes a request that failed as small as it can be and still fail the same way.</summary>
internal static class Shrinker
{
    private const int TriesMax = 150;
    private const int HangTriesMax = 3;

    public static async Task<Finding> Shrink(Finding finding, FuzzWire wire, CancellationToken stop)
    {
        var tries = finding.Kind == "hang" ? HangTriesMax : TriesMax;
        for (var again = true; again && tries > 0;)
        {
            again = false;
            foreach (var smaller in Smaller(finding.Request).ToList())
            {
                if (--tries <= 0) break;
                if (wire.Judge(smaller, await wire.Send(smaller, stop)) is not { } judged || judged.Kind != finding.Kind) continue;
                (finding, again) = (new Finding(judged.Kind, smaller, judged.Saw), true);
                break;
            }
        }

        return finding;
    }

    private static IEnumerable<FuzzRequest> Smaller(FuzzRequest request)
    {
        if (request.Body is { Length: > 0 }) yield return request with { Body = null };
        for (var i = 0; i < request.Headers.Count; i++) yield return request with { Headers = [.. request.Headers.Where((_, index) => index != i)] };
        if (request.Path.Split('?', 2) is [var path, var query])
        {
            yield return request with { Path = path };
            var parts = query.Split('&');
            for (var i = 0; i < parts.Length && parts.Length > 1; i++)
                yield return request with { Path = path + "?" + string.Join('&', parts.Where((_, index) => index != i)) };
        }

        if (request.Body is not { Length: > 1 } body) yield break;
        foreach (var json in Pruned(body)) yield return request with { Body = json };
        for (var size = body.Length / 2; size > 8; size /= 2)
        {
            for (var at = 0; at < body.Length; at += size) yield return request with { Body = [.. body[..at], .. body[Math.Min(body.Length, at + size)..]] };
        }
    }

    /// <summary>The JSON body without one of its members or elements.</summary>
    private static IEnumerable<byte[]> Pruned(byte[] body)
    {
        var count = Count(Parsed(body));
        for (var skip = 0; skip < count; skip++)
        {
            var root = Parsed(body);
            var left = skip;
            Remove(root, ref left);
            if (root is not null) yield return Encoding.UTF8.GetBytes(root.ToJsonString());
        }
    }

    private static JsonNode? Parsed(byte[] body)
    {
        try
        {
            var root = JsonNode.Parse(body);
            _ = Count(root);
            _ = root?.ToJsonString();      // half of a surrogate pair can be read, but not written
            return root;
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or ArgumentException or InvalidOperationException)
        {
            return null;   // Broken on purpose, or a member twice: cut as bytes.
        }
    }

    private static int Count(JsonNode? node) => node switch
    {
        JsonObject members => members.Sum(m => 1 + Count(m.Value)),
        JsonArray items => items.Sum(item => 1 + Count(item)),
        _ => 0,
    };

    private static void Remove(JsonNode? node, ref int left)
    {
        if (node is JsonObject members)
        {
            foreach (var name in members.Select(m => m.Key).ToList())
            {
                if (left-- == 0) members.Remove(name);
                if (left < 0) return;
                Remove(members[name], ref left);
                if (left < 0) return;
            }
        }
        else if (node is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++)
            {
                if (left-- == 0) items.RemoveAt(i);
                if (left < 0) return;
                Remove(items[i], ref left);
                if (left < 0) return;
            }
        }
    }
}
