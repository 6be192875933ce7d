using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sovereign.Node.Machine;

namespace Sovereign.Bench.Load;

/// <summary>What of two flows arrived: one that must pass whole, one of which nothing may.</summary>
internal sealed record FlowCount(int Sent, int Lost, int Leaked);

/// <summary>Two flows of UDP from one namespace to another, never answered, so that each packet is decided by the rules of its moment.</summary>
internal sealed class PacketFlows : IDisposable
{
    private const int PacketsEachMs = 4;
    private const int BufferBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan settle = TimeSpan.FromMilliseconds(300);
    private readonly Socket sender;
    private readonly Socket passing;
    private readonly Socket dropped;
    private readonly IPEndPoint toPassing;
    private readonly IPEndPoint toDropped;

    public PacketFlows(string from, string to, string address, int passingPort, int droppedPort)
    {
        sender = Netns.Within(from, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        (passing, dropped) = (Bound(to, passingPort), Bound(to, droppedPort));
        (toPassing, toDropped) = (new IPEndPoint(IPAddress.Parse(address), passingPort), new IPEndPoint(IPAddress.Parse(address), droppedPort));
    }

    /// <summary>Sends both flows while the work runs, and counts.</summary>
    public FlowCount During(Action work)
    {
        var (stop, sent) = (false, 0);
        var loop = new Thread(() => sent = Send(() => Volatile.Read(ref stop))) { IsBackground = true };
        loop.Start();
        try
        {
            work();
        }
        finally
        {
            Volatile.Write(ref stop, true);
            loop.Join();
        }

        using var pause = new ManualResetEventSlim();
        pause.Wait(settle);
        return new FlowCount(sent, sent - Arrived(passing), Arrived(dropped));
    }

    public void Dispose()
    {
        foreach (var socket in (Socket[])[sender, passing, dropped]) socket.Dispose();
    }

    private int Send(Func<bool> ended)
    {
        var packet = new byte[64];
        var sent = 0;
        using var pause = new ManualResetEventSlim();
        while (!ended())
        {
            for (var i = 0; i < PacketsEachMs; i++)
            {
                BinaryPrimitives.WriteInt32BigEndian(packet, ++sent);
                sender.SendTo(packet, toPassing);
                sender.SendTo(packet, toDropped);
            }

            pause.Wait(1);
        }

        return sent;
    }

    private static int Arrived(Socket socket)
    {
        var packet = new byte[64];
        var count = 0;
        while (socket.Available > 0)
        {
            socket.Receive(packet);
            count++;
        }

        return count;
    }

    private static Socket Bound(string netns, int port) => Netns.Within(netns, () =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        // Forced past the kernel's limit: what the socket could not hold would look like a packet that was dropped.
        socket.SetRawSocketOption(1, 33, BitConverter.GetBytes(BufferBytes));
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        return socket;
    });
}
