using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulated;

namespace Sovereign.Cloud.Tests.Transcripts;

/// <summary>Sends the recorded requests to our cloud, in their order, and says for each how our answer differs.</summary>
internal sealed partial class Replay(
    TranscriptCloud cloud, IReadOnlyList<Exchange> exchanges, ILookup<int, BridgeStep> bridges, IReadOnlySet<(int Number, string Field)> known)
{
    /// <summary>How long a state may take to come; the recorded one took what it took.</summary>
    private static readonly TimeSpan stateTimeMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan gap = TimeSpan.FromMilliseconds(20);

    /// <summary>Headers that carry meaning. Others (dates, lengths, servers) are of the machine.</summary>
    private static readonly string[] meaning =
    [
        "Content-Type", "Location", "OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "Vary", "X-Subject-Token", "x-openstack-request-id",
        "x-compute-request-id", "WWW-Authenticate", "OpenStack-image-import-methods",
    ];

    /// <summary>Fields that change by themselves: a request is asked again until they are as recorded.</summary>
    private static readonly string[] moving =
        ["status", ".OS-EXT-STS:task_state", ".OS-EXT-STS:vm_state", ".OS-EXT-STS:power_state", ".image_state"];

    /// <summary>The day of the recording: periods that it asked for end the same number of days ago, or ahead.</summary>
    private static readonly DateOnly recordedOn = new(2026, 11, 22);
    private readonly Correspondence names = new();

    /// <summary>Differences by the number of their exchange.</summary>
    public async Task<SortedDictionary<int, List<Difference>>> Run(CancellationToken stop)
    {
        var all = new SortedDictionary<int, List<Difference>>();
        foreach (var persona in TranscriptCloud.Passwords.Keys)
        {
            var login = exchanges.First(e => e.As == persona && e.Path == "/v3/auth/tokens" && e.Method == "POST");
            Compare(login, await Send(login), learn: true);
        }

        foreach (var exchange in exchanges)
        {
            var found = new List<Difference>();
            foreach (var step in bridges[exchange.Number])
            {
                if (await Bridge(step, stop) is { } refused) found.Add(new Difference($"before:{step.Method} {step.Path}", "done", refused));
            }

            found.AddRange(await Ask(exchange, stop));
            if (found.Count > 0) all[exchange.Number] = found;
        }

        return all;
    }

    private async Task<List<Difference>> Ask(Exchange exchange, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(stateTimeMax);
        if (exchange.Service is "compute" or "network" or "volume" && exchange.Method != "GET") await cloud.Close(patience.Token);
        var isSettled = false;
        while (true)
        {
            var reply = await Send(exchange);
            var isMoving = exchange.Method == "GET" && Compare(exchange, reply, learn: false).Any(d => Moves(exchange, d));
            if (!isMoving || patience.IsCancellationRequested) return Compare(exchange, reply, learn: true);
            // What comes without the machine is seen while it stands still.
            if (isSettled) cloud.Open();
            else await cloud.Settled(patience.Token);
            isSettled = true;
            await Task.Delay(gap, TimeProvider.System, stop);
        }
    }

    /// <summary>What is known to stay different is not waited for; anything else may come while the control plane has not done what is due.</summary>
    private bool Moves(Exchange exchange, Difference difference) => !known.Contains((exchange.Number, difference.Field))
        && (!cloud.Working || moving.Any(field => difference.Field.EndsWith(field, StringComparison.Ordinal)));

    private async Task<TestReply> Send(Exchange exchange)
    {
        var headers = new List<(string, string)>();
        foreach (var (name, value) in exchange.Headers)
        {
            var text = (string)value!;
            headers.Add((name, text == "<token>" ? cloud.Tokens[exchange.As] : text));
        }

        var body = exchange.Body is JsonObject or JsonArray ? JsonNode.Parse(names.Translate(exchange.Body.ToJsonString())) : exchange.Body;
        var reply = await cloud.Send(exchange.Method, "/" + exchange.Service + Now(names.Translate(exchange.Path)), TranscriptCloud.Bytes(body, exchange.As), headers);
        if (reply.Headers.TryGetValue("X-Subject-Token", out var token) && exchange.Method == "POST") cloud.Tokens[exchange.As] = token;
        return reply;
    }

    private static string Now(string path) => Dates().Replace(path, date =>
    {
        var shift = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).DayNumber - recordedOn.DayNumber;
        return DateOnly.ParseExact(date.Value, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddDays(shift).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    });

    [GeneratedRegex(@"(?<==)\d{4}-\d\d-\d\d(?=T)")]
    private static partial Regex Dates();

    private List<Difference> Compare(Exchange exchange, TestReply reply, bool learn)
    {
        var found = new List<Difference>();
        if (reply.Status != exchange.Status) found.Add(new Difference("status", $"{exchange.Status}", $"{reply.Status} {Short(reply.Text)}"));
        foreach (var header in meaning) Header(header, exchange, reply, learn, found);
        if (reply.Status != exchange.Status) return found;
        found.AddRange(new Comparison(names).Answers(exchange.Answer, Body(exchange, reply), learn));
        return found;
    }

    private void Header(string name, Exchange exchange, TestReply reply, bool learn, List<Difference> found)
    {
        var recorded = exchange.AnswerHeaders.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value is { } value ? (string)value! : null;
        var ours = reply.Headers.GetValueOrDefault(name);
        if (name == "Content-Type") (recorded, ours) = (recorded?.Split(';')[0], ours?.Split(';')[0]);
        if (recorded is null && ours is null) return;
        if (recorded is null || ours is null) found.Add(new Difference("header:" + name, recorded ?? "absent", ours ?? "absent"));
        else if (!recorded.StartsWith('<') && !names.Same(recorded, ours, learn)) found.Add(new Difference("header:" + name, recorded, ours));
    }

    /// <summary>The recorder kept bodies of data out: theirs is null or a placeholder, and so is ours.</summary>
    private static JsonNode? Body(Exchange exchange, TestReply reply)
    {
        if (reply.Bytes.Length == 0) return null;
        if (reply.Headers.GetValueOrDefault("Content-Type")?.StartsWith("application/json", StringComparison.Ordinal) == true) return reply.Json;
        return exchange.Answer is null && exchange.Path.EndsWith("/file", StringComparison.Ordinal) ? null : JsonValue.Create(reply.Text);
    }

    /// <summary>Null when it is done; else why not.</summary>
    private async Task<string?> Bridge(BridgeStep step, CancellationToken stop)
    {
        cloud.Open();
        var path = names.Translate(step.Path);
        var headers = new List<(string, string)> { ("X-Auth-Token", cloud.Tokens[step.As]), ("Content-Type", "application/json") };
        if (step.Body?.StartsWith('<') == true) headers[1] = ("Content-Type", "application/octet-stream");
        if (step.Header?.Split(": ") is [var name, var value]) headers = [.. headers.Where(h => h.Item1 != name), (name, value)];
        if (step.Method == "CLEAR") return await Clear(path, step.Body!.Split(' '), headers, stop);
        if (step.Method == "WAIT") return await Wait(path, names.Translate(step.Body!), headers, stop);
        var body = step.Body switch
        {
            "<image>" => SmallImages.Qcow2,
            "<nothing>" => [],
            { } text => Encoding.UTF8.GetBytes(names.Translate(text)),
            null => null,
        };
        var reply = await cloud.Send(step.Method, path, body, headers);
        if (reply.Status is < 200 or >= 300) return $"{reply.Status} {Short(reply.Text)}";
        if (step.Learns is var (member, recorded))
        {
            names.Learn(recorded, member.Split('.').Aggregate(reply.Json, (at, part) => at is JsonArray items ? items[0]! : at[part]!).ToString());
        }

        return null;
    }

    /// <summary>Deletes what the list holds and waits until it is gone.</summary>
    private async Task<string?> Clear(string path, string[] where, List<(string, string)> headers, CancellationToken stop)
    {
        var listed = await cloud.Send("GET", path, null, headers.Take(1));
        foreach (var item in listed.Json[where[0]]!.AsArray())
        {
            var reply = await cloud.Send("DELETE", $"{path.Split('?')[0]}/{item![where[1]]}", null, headers.Take(1));
            if (reply.Status is < 200 or >= 300) return $"{reply.Status} {Short(reply.Text)}";
        }

        return await Wait(path, new JsonObject { [where[0]] = new JsonArray() }.ToJsonString(), headers, stop);
    }

    private async Task<string?> Wait(string path, string expected, List<(string, string)> headers, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(stateTimeMax);
        while (true)
        {
            var reply = await cloud.Send("GET", path, null, headers.Where(h => h.Item1 != "Content-Type"));
            var isThere = expected.StartsWith('{') ? reply.Status == 200 && Contains(reply.Json, JsonNode.Parse(expected))
                : reply.Status == int.Parse(expected, CultureInfo.InvariantCulture);
            if (isThere) return null;
            if (patience.IsCancellationRequested) return $"{reply.Status} {Short(reply.Text)}";
            await Task.Delay(gap, TimeProvider.System, stop);
        }
    }

    private static bool Contains(JsonNode? whole, JsonNode? part) => part is JsonObject members
        ? whole is JsonObject own && members.All(m => own.ContainsKey(m.Key) && Contains(own[m.Key], m.Value))
        : (whole?.GetValueKind() ?? JsonValueKind.Null) == (part?.GetValueKind() ?? JsonValueKind.Null) && JsonNode.DeepEquals(whole, part);

    private static string Short(string text) => text.Length > 200 ? text[..200] : text;
}
