using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Sovereign.Node.Machine;

/// <summary>The few system calls that .NET does not bring.</summary>
internal static partial class Native
{
    private const int CloneNewNet = 0x40000000;
    private const int OpenReadWrite = 2;
    private const int OpenCloseOnExec = 0x80000;
    private const nuint TunSetIff = 0x400454ca;
    private const short TapNoPacketInfoVnetHeader = 0x0002 | 0x1000 | 0x4000;
    private const int KillSignal = 9;
    private const int HangUpSignal = 1;
    private const int TermSignal = 15;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseFile(int fd);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int fd, int kind);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int DeviceControl(int fd, nuint request, byte* argument);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, int user, int group);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int NewSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    private static unsafe partial nint SendTo(int fd, byte* buffer, nuint length, int flags, byte* address, int addressLength);

    [LibraryImport("libc", EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint InterfaceIndex(string name);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static unsafe partial nint SendMessage(SafeHandle socket, MessageHeader* message, int flags);

    /// <summary>As struct msghdr of Linux on 64-bit machines.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct MessageHeader
    {
        public void* Name;
        public nuint NameLength;
        public DataVector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public nint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct DataVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>Sends a short message on a Unix socket together with a descriptor (SCM_RIGHTS).</summary>
    public static unsafe void SendDescriptor(SafeHandle socket, ReadOnlySpan<byte> message, int descriptor)
    {
        const int controlBytes = 24, controlLength = 20, socketLevel = 1, rights = 1, noSignal = 0x4000;
        Span<byte> control = stackalloc byte[controlBytes];
        control.Clear();
        BitConverter.TryWriteBytes(control, (long)controlLength);
        BitConverter.TryWriteBytes(control[8..], socketLevel);
        BitConverter.TryWriteBytes(control[12..], rights);
        BitConverter.TryWriteBytes(control[16..], descriptor);
        fixed (byte* m = message, c = control)
        {
            var vector = new DataVector { Base = m, Length = (nuint)message.Length };
            var header = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = c, ControlLength = controlBytes };
            if (SendMessage(socket, &header, noSignal) != message.Length) throw Failure("passing a descriptor");
        }
    }

    /// <summary>Whether the calling thread's namespace has a link.</summary>
    public static bool HasLink(string name) => InterfaceIndex(name) != 0;

    /// <summary>Index of a link of the calling thread's namespace.</summary>
    public static uint LinkIndex(string name) => InterfaceIndex(name) is > 0 and var index ? index : throw Failure($"finding the link {name}");

    /// <summary>A netlink socket of the calling thread's namespace.</summary>
    public static int OpenNetlink(int protocol)
    {
        const int netlink = 16, raw = 3 | OpenCloseOnExec;
        return NewSocket(netlink, raw, protocol) is >= 0 and var fd ? fd : throw Failure("opening a netlink socket");
    }

    /// <summary>Whether a file's system reads and writes past the page cache.</summary>
    public static bool OpensDirectly(string path)
    {
        const int direct = 0x4000;   // O_DIRECT of x86-64
        var fd = OpenFile(path, OpenCloseOnExec | direct);
        if (fd >= 0) Close(fd);
        return fd >= 0;
    }

    public static void Close(int fd) => _ = CloseFile(fd);

    public static void Terminate(int pid) => _ = SendSignal(pid, TermSignal);

    public static void Kill(int pid) => _ = SendSignal(pid, KillSignal);

    public static void HangUp(int pid) => _ = SendSignal(pid, HangUpSignal);

    public static void Own(string path, int user, int group)
    {
        if (ChangeOwner(path, user, group) != 0) throw Failure($"changing the owner of {path}");
    }

    /// <summary>Moves the calling thread into a network namespace.</summary>
    public static void EnterNetns(string path)
    {
        var fd = OpenFile(path, OpenCloseOnExec);
        if (fd < 0) throw Failure($"opening the namespace {path}");
        try
        {
            if (SetNamespace(fd, CloneNewNet) != 0) throw Failure($"entering the namespace {path}");
        }
        finally { Close(fd); }
    }

    /// <summary>Attaches to a tap of the calling thread's namespace; the descriptor is inherited by children.</summary>
    public static unsafe int OpenTap(string name)
    {
        var fd = OpenFile("/dev/net/tun", OpenReadWrite);
        if (fd < 0) throw Failure("opening /dev/net/tun");
        Span<byte> request = stackalloc byte[40];
        request.Clear();
        System.Text.Encoding.ASCII.GetBytes(name, request[..15]);
        BitConverter.TryWriteBytes(request[16..], TapNoPacketInfoVnetHeader);
        fixed (byte* p = request)
        {
            if (DeviceControl(fd, TunSetIff, p) == 0) return fd;
        }
        var failure = Failure($"attaching to the tap {name}");
        Close(fd);
        throw failure;
    }

    /// <summary>Sends one raw Ethernet frame out of a link of the calling thread's namespace.</summary>
    public static unsafe void SendFrame(string link, ReadOnlySpan<byte> frame)
    {
        const int packet = 17, raw = 3 | OpenCloseOnExec, addressBytes = 20;
        var index = InterfaceIndex(link);
        if (index == 0) throw Failure($"finding the link {link}");
        var fd = NewSocket(packet, raw, 0);
        if (fd < 0) throw Failure("opening a packet socket");
        try
        {
            Span<byte> address = stackalloc byte[addressBytes];
            address.Clear();
            BitConverter.TryWriteBytes(address, (short)packet);
            BitConverter.TryWriteBytes(address[4..], index);
            fixed (byte* f = frame, a = address)
            {
                if (SendTo(fd, f, (nuint)frame.Length, 0, a, addressBytes) < 0) throw Failure($"sending a frame on {link}");
            }
        }
        finally { Close(fd); }
    }

    private static NodeException Failure(string doing)
    {
        var error = new Win32Exception(Marshal.GetLastPInvokeError());
        return new NodeException($"The system refused {doing}: {error.Message}.", error);
    }
}
