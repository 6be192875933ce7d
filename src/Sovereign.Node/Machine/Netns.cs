namespace Sovereign.Node.Machine;

/// <summary>Network namespaces of this machine, by name, as iproute2 keeps them.</summary>
public static class Netns
{
    public const string Root = "/run/netns";

    public static string PathOf(string name) => Path.Combine(Root, name);

    public static bool Exists(string name) => File.Exists(PathOf(name));

    public static IReadOnlyList<string> List() => Directory.Exists(Root) ? [.. Directory.EnumerateFiles(Root).Select(Path.GetFileName)
        .OfType<string>()] : [];

    /// <summary>Whether the namespace that this process was started in has the link; /sys shows those of whoever mounted it.</summary>
    public static bool HasLink(string name) => File.ReadLines("/proc/self/net/dev").Any(line => line.TrimStart().StartsWith(name + ":", StringComparison.Ordinal));

    /// <summary>Whether a link is in a namespace, also one that is only half made: what made it may have been ended between two commands.</summary>
    public static bool HasLink(string netns, string link) => Within(netns, () => Native.HasLink(link));

    /// <summary>Runs a short piece of work inside a namespace (null: the machine's own).</summary>
    public static T Within<T>(string? name, Func<T> work)
    {
        if (name is null) return work();
        T? result = default;
        Exception? failure = null;
        // A namespace belongs to a thread, and a pool thread must never keep one: hence a thread of its own that ends with the work.
#pragma warning disable RS0030
        var thread = new Thread(() =>
        {
            try
            {
                Native.EnterNetns(PathOf(name));
                result = work();
            }
            catch (Exception cause) { failure = cause; }
        }, 256 * 1024);
#pragma warning restore RS0030
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw new NodeException($"Work in the namespace {name} failed: {failure.Message}", failure);
    }

    public static void WriteSysctl(string name, IReadOnlyDictionary<string, string> values) => Within(name, () =>
    {
        foreach (var (key, value) in values)
        {
            var path = "/proc/sys/" + key;
            if (File.Exists(path)) File.WriteAllText(path, value);
        }
        return true;
    });

    /// <summary>Sends a gratuitous ARP so that neighbours learn where an address lives now.</summary>
    public static void AnnounceArp(string name, string link, System.Net.NetworkInformation.PhysicalAddress mac,
        System.Net.IPAddress address) => Within(name, () =>
    {
        Span<byte> frame = stackalloc byte[42];
        frame.Clear();
        frame[..6].Fill(0xff);
        var source = mac.GetAddressBytes();
        source.CopyTo(frame[6..]);
        ReadOnlySpan<byte> request = [0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1];
        request.CopyTo(frame[12..]);
        source.CopyTo(frame[22..]);
        address.TryWriteBytes(frame[28..], out _);
        address.TryWriteBytes(frame[38..], out _);
        Native.SendFrame(link, frame);
        return true;
    });
}
