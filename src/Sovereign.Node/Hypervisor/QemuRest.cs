using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Hypervisor;

/// <summary>Guests whose file systems are brought to rest by their agents.</summary>
public sealed partial class QemuHypervisor
{
    public async Task AtRest(string id, Func<Task> work, CancellationToken stop)
    {
        var files = Files(id);
        using var agent = paused.ContainsKey(id) ? null : await GuestAgent.Reach(files.AgentSocket, clock, stop);
        if (agent is null)
        {
            await work();
            return;
        }
        await File.WriteAllTextAsync(files.Resting, "", stop);
        try
        {
            await agent.Ask("guest-fsfreeze-freeze", GuestAgent.FreezeLimit, stop);
            await work();
        }
        finally
        {
            // Also when it did not answer: it may have frozen since.
            await agent.Ask("guest-fsfreeze-thaw", GuestAgent.ThawLimit, CancellationToken.None);
            File.Delete(files.Resting);
        }
    }

    /// <summary>Lets a guest go on that a process before this one left at rest.</summary>
    private async Task GoOn(DomainFiles files, CancellationToken stop)
    {
        using var agent = await GuestAgent.Reach(files.AgentSocket, clock, stop);
        if (agent is not null) await agent.Ask("guest-fsfreeze-thaw", GuestAgent.ThawLimit, stop);
        File.Delete(files.Resting);
    }
}

/// <summary>The agent in a guest, by QEMU's socket. Whatever it says is a guest's word: only whether it answers counts.</summary>
internal sealed class GuestAgent : IDisposable
{
    public static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan ThawLimit = TimeSpan.FromSeconds(10);
    private const int AnswerBytesMax = 65536;
    private static readonly TimeSpan reachLimit = TimeSpan.FromSeconds(1);
    private readonly NetworkStream stream;
    private readonly TimeProvider clock;

    private GuestAgent(NetworkStream stream, TimeProvider clock)
    {
        this.stream = stream;
        this.clock = clock;
    }

    /// <summary>Null when it does not answer: there is none, or the guest still starts.</summary>
    public static async Task<GuestAgent?> Reach(string path, TimeProvider clock, CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
        var agent = new GuestAgent(new NetworkStream(socket, ownsSocket: true), clock);
        // The byte 0xff clears what an earlier caller left half said.
        if (await agent.Talk([0xff, .. "{\"execute\":\"guest-sync\",\"arguments\":{\"id\":90125}}\n"u8], "90125", reachLimit, stop)) return agent;
        agent.Dispose();
        return null;
    }

    /// <summary>Asks for something; false when it refused or did not answer in time.</summary>
    public Task<bool> Ask(string command, TimeSpan limit, CancellationToken stop) =>
        Talk(Encoding.ASCII.GetBytes($"{{\"execute\":\"{command}\"}}\n"), null, limit, stop);

    public void Dispose() => stream.Dispose();

    /// <param name="awaited">What the answer must return; other answers are of earlier questions. Null: the next answer is it.</param>
    private async Task<bool> Talk(byte[] question, string? awaited, TimeSpan limit, CancellationToken stop)
    {
        using var expiry = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, stop);
        try
        {
            await stream.WriteAsync(question, either.Token);
            while (await Line(either.Token) is { } line)
            {
                if (Returned(line) is { } returned && (awaited is null || returned == awaited)) return true;
                if (awaited is null) return false;
            }
            return false;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested) { return false; }
        catch (IOException) { return false; }
    }

    private static string? Returned(string line)
    {
        try
        {
            using var answer = JsonDocument.Parse(line.TrimStart('\u00ff', '\ufffd'));
            return answer.RootElement.ValueKind == JsonValueKind.Object && answer.RootElement.TryGetProperty("return", out var returned) ? returned.ToString() : null;
        }
        catch (JsonException) { return null; }
    }

    private async Task<string?> Line(CancellationToken stop)
    {
        var (line, one) = (new List<byte>(), new byte[1]);
        while (await stream.ReadAsync(one, stop) > 0)
        {
            if (one[0] == '\n') return Encoding.UTF8.GetString([.. line]);
            if (line.Count == AnswerBytesMax) return null;
            line.Add(one[0]);
        }
        return null;
    }
}
