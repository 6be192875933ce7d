using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulation;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>A client that survives a control plane that dies: an unknown outcome makes it look, and ask again only for what is not there.</summary>
internal sealed class CarefulClient(SimulatedWorld cloud, string token)
{
    private static readonly TimeSpan pause = TimeSpan.FromSeconds(1);
    private const int TriesMax = 300;   // with a pause of 1 s: longer than the lease of a dead process on PostgreSQL

    /// <summary>The resource of this name, made when there is none.</summary>
    public JsonNode Ensure(string path, string plural, string singular, string name, string body)
    {
        for (var tries = 0; tries < TriesMax; tries++)
        {
            if (List(path, plural).FirstOrDefault(item => (string?)item["name"] == name) is { } there) return there;
            if (Sent("POST", path, body) is { Status: < 300 } made) return made.Json[singular]!;
        }

        throw new InvalidOperationException($"{singular} {name} could not be made.");
    }

    public IReadOnlyList<JsonNode> List(string path, string plural)
    {
        for (var tries = 0; tries < TriesMax; tries++)
        {
            if (Sent("GET", path) is { Status: 200 } reply) return [.. reply.Json[plural]!.AsArray().Select(item => item!)];
        }

        throw new InvalidOperationException($"{path} can't be listed.");
    }

    public JsonNode Show(string path, string singular)
    {
        for (var tries = 0; tries < TriesMax; tries++)
        {
            if (Sent("GET", path) is { Status: 200 } reply) return reply.Json[singular]!;
        }

        throw new InvalidOperationException($"{path} can't be shown.");
    }

    /// <summary>Asks until the condition holds, with simulated time between; the action is repeated while it does not.</summary>
    public void Until(string what, Func<bool> holds, Action? action = null)
    {
        for (var tries = 0; tries < TriesMax; tries++)
        {
            if (holds()) return;
            action?.Invoke();
            cloud.RunFor(pause);
        }

        throw new InvalidOperationException($"{what} did not come true.");
    }

    /// <summary>Deletes until it is gone.</summary>
    public void Delete(string path) =>
        Until($"DELETE {path}", () => Sent("GET", path) is { Status: 404 }, () => Sent("DELETE", path));

    /// <summary>An answer, or null when the process died before it. A 5xx is a finding.</summary>
    public TestReply? Sent(string method, string path, string? body = null)
    {
        var reply = cloud.Send(method, path, token, body);
        return reply is { Status: >= 500 } ? throw new InvalidOperationException($"{method} {path} gave {reply.Status}: {reply.Text}") : reply;
    }
}
