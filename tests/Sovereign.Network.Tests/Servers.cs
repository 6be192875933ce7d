using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.Tests;

/// <summary>Compute's part, played by the test.</summary>
internal static class Servers
{
    /// <summary>Gives a server of project A this port and puts it on the cloud's node.</summary>
    public static async Task Bind(NetworkCloud cloud, string server, string port)
    {
        var access = new AccessGrant(cloud.Cloud.Callers["member-a"], Reach.Project, Origin.System);
        await cloud.Cloud.Kernel.Queue.Write<Done>("test.bind", Origin.System, tx =>
        {
            var attached = cloud.Module.Networks.Attach(tx, access, server, "host", "nova", [new NicRequest(null, port, null, null)], []);
            if (attached.Fault is { } refused) return refused;
            cloud.Module.Networks.Bind(tx, server, cloud.Node);
            return Done.Value;
        });
        await cloud.Settled();
    }
}
