using System.Net.Sockets;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Hypervisor;

/// <summary>Consoles of running domains: QEMU's own sockets, which nobody but this process and QEMU's user reaches.</summary>
public sealed partial class QemuHypervisor
{
    public async Task<Stream> OpenConsole(string id, string kind, CancellationToken stop)
    {
        var files = Files(id);
        var path = kind == ConsoleKinds.Serial ? files.Serial : files.Display;
        if (Pid(id, files) is null) throw new NodeException($"Domain {id} does not run: it has no console.");
        // A guest that was started by an older release has no socket for its serial line.
        if (!File.Exists(path)) throw new NodeException($"Domain {id} has no {kind} console until its next start.");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException cause)
        {
            socket.Dispose();
            throw new NodeException($"The {kind} console of domain {id} can't be reached: {cause.Message}");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
