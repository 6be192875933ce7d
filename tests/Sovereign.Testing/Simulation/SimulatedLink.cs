using Sovereign.Node.Contract;

namespace Sovereign.Testing.Simulation;

/// <summary>The wire between a simulated agent and the control plane: each call runs in the other process, and breaks when that process dies.</summary>
/// <param name="hub">Finds the hub of one life of the control plane.</param>
public sealed class SimulatedLink(SimulatedWorld world, Func<SimulatedControlPlane, IControlPlane> hub) : IControlPlane
{
    public Task<NodeWelcome> Hello(NodeFacts facts, CancellationToken stop) => Call(cloud => cloud.Hello(facts, stop));

    public Task<NodeManifest?> NextManifest(string node, string incarnation, long version, CancellationToken stop) =>
        Call(cloud => cloud.NextManifest(node, incarnation, version, stop));

    public Task Report(NodeReport report, CancellationToken stop) => Call(async cloud =>
    {
        await cloud.Report(report, stop);
        return true;
    });

    public async Task<Stream> OpenImage(string digest, long offset, CancellationToken stop)
    {
        try
        {
            return await Call(cloud => cloud.OpenImage(digest, offset, stop));
        }
        catch (IOException cause) when (cause is not FileNotFoundException)
        {
            throw new ControlPlaneAwayException(cause.Message, cause);
        }
    }

    public Task Answer(string ticket, Stream content, CancellationToken stop) => Call(async cloud =>
    {
        await cloud.Answer(ticket, content, stop);
        return true;
    });

    public Task<bool> LeavePassword(string domain, string password, CancellationToken stop) => Call(cloud => cloud.LeavePassword(domain, password, stop));

    public async Task Upload(string snapshot, Stream content, CancellationToken stop)
    {
        try
        {
            await Call(async cloud =>
            {
                await cloud.Upload(snapshot, content, stop);
                return true;
            });
        }
        catch (IOException cause)
        {
            throw new ControlPlaneAwayException(cause.Message, cause);
        }
    }

    public async Task<string> SendDisk(string carry, string name, Stream content, CancellationToken stop)
    {
        try
        {
            return await Call(cloud => cloud.SendDisk(carry, name, content, stop));
        }
        catch (IOException cause)
        {
            throw new ControlPlaneAwayException(cause.Message, cause);
        }
    }

    public async Task<Stream> OpenDisk(string carry, string name, long offset, CancellationToken stop)
    {
        try
        {
            return await Call(cloud => cloud.OpenDisk(carry, name, offset, stop));
        }
        catch (IOException cause) when (cause is not FileNotFoundException)
        {
            throw new ControlPlaneAwayException(cause.Message, cause);
        }
    }

    public async Task<string> SendContent(string id, Stream content, CancellationToken stop)
    {
        try
        {
            return await Call(cloud => cloud.SendContent(id, content, stop));
        }
        catch (IOException cause)
        {
            throw new ControlPlaneAwayException(cause.Message, cause);
        }
    }

    public async Task<Stream> OpenContent(string id, long offset, CancellationToken stop)
    {
        try
        {
            return await Call(cloud => cloud.OpenContent(id, offset, stop));
        }
        catch (IOException cause) when (cause is not FileNotFoundException)
        {
            throw new ControlPlaneAwayException(cause.Message, cause);
        }
    }

    public Task Carry(string ticket, Stream console, CancellationToken stop) => Call(async cloud =>
    {
        await cloud.Carry(ticket, console, stop);
        return true;
    });

    private Task<T> Call<T>(Func<IControlPlane, Task<T>> call) => world.ControlPlane is { } cloud
        ? cloud.Process.Start(() => call(hub(cloud)))
        : Task.FromException<T>(new IOException("The control plane is away."));
}
