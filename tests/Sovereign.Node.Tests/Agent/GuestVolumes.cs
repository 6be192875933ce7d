using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>Volumes of real guests, used by what the guest does on its serial line.</summary>
public sealed partial class GuestVolumes(ITestOutputHelper output)
{
    private const string ImageVariable = "SOVEREIGN_TEST_IMAGE";
    private const string Plain = "a-known-plain-text-of-a-tenant";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("pc")]
    [InlineData("q35")]
    public async Task A_guest_gets_grows_keeps_and_loses_volumes_while_it_runs(string machine)
    {
        await using var cloud = new RealCloud();
        var (domain, _) = await Guest(cloud, machine);
        cloud.Control.Set(domain);
        cloud.Start();
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        using var line = await GuestLine.LogIn(cloud, domain.Id);
        var volume = new VolumeSpec(Guid.NewGuid().ToString(), "p", "files", 1L << 30) { Key = new string('8', 64) };
        var other = new VolumeSpec(Guid.NewGuid().ToString(), "p", "files", 1L << 30);
        cloud.Control.Set(volume);
        cloud.Control.Set(other);
        var rates = new DiskRatesSpec(null, null, 50_000_000, null, null, null);
        domain = domain with { Volumes = [Disk(volume, "/dev/vdb") with { Rates = rates }, Disk(other, "/dev/vdc", "scsi")] };
        var watch = Stopwatch.StartNew();
        await Set(cloud, domain);
        output.WriteLine($"made (one with LUKS) and attached live: {watch.ElapsedMilliseconds} ms");
        await line.Find("V", volume.Id);
        await line.Run("mkfs.ext4 -q $V && mkdir -p /v && mount $V /v && echo one > /v/one && sync; cat /v/one", "one");
        await line.Run($"echo {Plain} > /v/secret && sync; {Wait("test -e /dev/sda")} test -e /dev/sda && echo there", "there");

        var snapshot = new VolumeSnapshotSpec(Guid.NewGuid().ToString(), volume.Id, true);
        await line.Run("(while true; do date >> /tmp/l; cp /tmp/l /v/l; done) > /dev/null 2>&1 & echo writing", "writing");
        watch.Restart();
        cloud.Control.Set(snapshot);
        await cloud.Until(ItemKinds.VolumeSnapshot, snapshot.Id, ItemState.Present);
        output.WriteLine($"snapshot while the guest writes: {watch.ElapsedMilliseconds} ms");
        await line.Run("echo two > /v/two && sync; cat /v/two", "two");

        cloud.Control.Set(volume = volume with { SizeBytes = 2L << 30 });
        await Reached(cloud, ItemKinds.Volume, volume.Id);
        await line.Run(Wait("grep -q 4194304 /sys/block/${V#/dev/}/size") + " cat /sys/block/${V#/dev/}/size", "4194304");

        // The agent dies and comes back in the middle of a detach that the guest is too busy for.
        domain = domain with { Volumes = [] };
        cloud.Control.Set(domain);
        await cloud.StopAgent();
        cloud.Start();
        await line.Run("kill %1; sleep 1; umount /v; echo unmounted", "unmounted");
        watch.Restart();
        await Reached(cloud, ItemKinds.Domain, domain.Id);
        output.WriteLine($"detached: {watch.ElapsedMilliseconds} ms");
        await line.Run(Wait("! test -e $V && ! test -e /dev/sda") + " test -e $V || test -e /dev/sda || echo gone", "gone");

        foreach (var file in Directory.EnumerateFiles(Path.Combine(cloud.Options.StateDir, "volumes", volume.Id)))
            Assert.Equal(-1, (await File.ReadAllBytesAsync(file, Stop)).AsSpan().IndexOf(Encoding.ASCII.GetBytes(Plain)));

        // What the snapshot kept: the first file and not the second, on a clean file system.
        var copy = new VolumeSpec(Guid.NewGuid().ToString(), "p", "files", 1L << 30) { Key = volume.Key, Source = new VolumeSourceSpec { SnapshotId = snapshot.Id } };
        cloud.Control.Set(copy);
        domain = domain with { Volumes = [Disk(copy, "/dev/vdd")] };
        await Set(cloud, domain);
        await line.Find("V", copy.Id);
        await line.Run("mount $V /v; ls /v; test -e /v/one && ! test -e /v/two && echo as-kept", "as-kept");
        await line.Run("umount /v; echo unmounted", "unmounted");
        cloud.Control.Set(domain with { Volumes = [] });
        await Reached(cloud, ItemKinds.Domain, domain.Id);
        cloud.Control.Remove(ItemKinds.VolumeSnapshot, snapshot.Id);
        var ids = new[] { volume.Id, copy.Id, other.Id };
        foreach (var id in ids) cloud.Control.Remove(ItemKinds.Volume, id);
        foreach (var id in ids) await cloud.Until(ItemKinds.Volume, id, ItemState.Absent);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(cloud.Options.StateDir, "volumes")));
    }

    /// <summary>Between what else a console says.</summary>
    [GeneratedRegex("\\b[0-9a-f]{32}\\b")]
    private static partial Regex Sum();

    [Fact]
    public async Task A_guest_boots_from_a_volume_that_survives_its_death_and_a_clone_of_it_boots_too()
    {
        await using var cloud = new RealCloud();
        var (domain, image) = await Guest(cloud, "pc");
        var volume = new VolumeSpec(Guid.NewGuid().ToString(), "p", "files", 1L << 30) { Source = new VolumeSourceSpec { Image = image } };
        domain = domain with { Root = null, Volumes = [Disk(volume, "/dev/vda") with { BootIndex = 0 }] };
        cloud.Control.Set(domain);
        cloud.Start();
        var watch = Stopwatch.StartNew();
        cloud.Control.Set(volume);
        await cloud.Until(ItemKinds.Volume, volume.Id, ItemState.Present);
        output.WriteLine($"volume of an image that was fetched for it: {watch.ElapsedMilliseconds} ms");
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        using (var line = await GuestLine.LogIn(cloud, domain.Id)) await line.Run("echo kept > /etc/kept && sync && echo written", "written");
        var snapshot = new VolumeSnapshotSpec(Guid.NewGuid().ToString(), volume.Id, true);
        cloud.Control.Set(snapshot);
        await cloud.Until(ItemKinds.VolumeSnapshot, snapshot.Id, ItemState.Present);

        Process.GetProcessById(Pid(cloud, domain.Id)).Kill();
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Crashed);
        cloud.Control.Set(domain with { RebootCount = 1, RebootHard = true });
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        using (var line = await GuestLine.LogIn(cloud, domain.Id)) await line.Run("cat /etc/kept", "kept");

        var clone = new VolumeSpec(Guid.NewGuid().ToString(), "p", "files", 2L << 30) { Source = new VolumeSourceSpec { VolumeId = volume.Id } };
        watch.Restart();
        cloud.Control.Set(clone);
        await cloud.Until(ItemKinds.Volume, clone.Id, ItemState.Present);
        output.WriteLine($"clone of a volume that a guest runs on: {watch.ElapsedMilliseconds} ms");
        cloud.Control.Remove(ItemKinds.Domain, domain.Id);
        cloud.Control.Remove(ItemKinds.VolumeSnapshot, snapshot.Id);
        cloud.Control.Remove(ItemKinds.Volume, volume.Id);
        await cloud.Until(ItemKinds.Volume, volume.Id, ItemState.Absent);
        var second = domain with { Id = Guid.NewGuid().ToString(), Volumes = [Disk(clone, "/dev/vda") with { BootIndex = 0 }] };
        cloud.Control.Set(second);
        await cloud.Until(ItemKinds.Domain, second.Id, ItemState.Running);
        using (var line = await GuestLine.LogIn(cloud, second.Id)) await line.Run("cat /etc/kept", "kept");
    }

    [Fact]
    public async Task A_guest_goes_on_with_another_volume_to_which_its_own_is_copied_and_back()
    {
        await using var cloud = new RealCloud();
        var (domain, _) = await Guest(cloud, "pc");
        cloud.Control.Set(domain);
        cloud.Start();
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        using var line = await GuestLine.LogIn(cloud, domain.Id);
        var first = new VolumeSpec(Guid.NewGuid().ToString(), "p", "files", 1L << 30);
        var second = new VolumeSpec(Guid.NewGuid().ToString(), "p", "files", 2L << 30) { Key = new string('8', 64) };
        cloud.Control.Set(first);
        cloud.Control.Set(second);
        await Set(cloud, domain = domain with { Volumes = [Disk(first, "/dev/vdb")] });
        await line.Find("V", first.Id);
        await line.Run("mkfs.ext4 -q $V && mkdir -p /v && mount $V /v && echo one > /v/one && dd if=/dev/urandom of=/v/much bs=1M count=64 && sync; cat /v/one", "one");
        var sum = Sum().Match(await line.Run("md5sum /v/much", "much")).Value;
        await line.Run("(while true; do date >> /v/log; sync; done) > /dev/null 2>&1 & echo writing", "writing");
        var watch = Stopwatch.StartNew();
        await Swap(cloud, domain, first.Id, second.Id);
        output.WriteLine($"swapped while the guest writes: {watch.ElapsedMilliseconds} ms");
        await line.Run("echo two > /v/two && sync; cat /v/one /v/two", "two");
        await line.Run(Wait("grep -q 4194304 /sys/block/${V#/dev/}/size") + " cat /sys/block/${V#/dev/}/size", "4194304");
        // The control plane hears of it, and says what the domain has from now on.
        await Set(cloud, domain = domain with { Volumes = [Disk(second, "/dev/vdb")] });
        cloud.Control.Remove(ItemKinds.VolumeSwap, second.Id);
        await cloud.Until(ItemKinds.VolumeSwap, second.Id, ItemState.Absent);
        cloud.Control.Remove(ItemKinds.Volume, first.Id);
        await cloud.Until(ItemKinds.Volume, first.Id, ItemState.Absent);

        // Another of the first one's size is too small now; one of the same size is not. The agent dies meanwhile.
        var third = new VolumeSpec(first.Id, "p", "files", 2L << 30);
        cloud.Control.Set(third);
        await Reached(cloud, ItemKinds.Volume, third.Id);
        cloud.Control.Set(new VolumeSwapSpec(third.Id, domain.Id, second.Id, third.Id));
        await cloud.StopAgent();
        cloud.Start();
        await cloud.Until(ItemKinds.VolumeSwap, third.Id, ItemState.Present);
        await line.Run("kill %1; echo three > /v/three && sync; cat /v/three", "three");
        cloud.Control.Remove(ItemKinds.VolumeSwap, third.Id);
        await Set(cloud, domain = domain with { Volumes = [Disk(third, "/dev/vdb")] });
        await cloud.Until(ItemKinds.VolumeSwap, third.Id, ItemState.Absent);
        await line.Run($"umount /v && mount $V /v && test $(md5sum < /v/much | cut -d' ' -f1) = {sum} && cat /v/one /v/two /v/three && umount /v && echo whole", "whole");
        // The device that is named after the first one can go, and come with another.
        await Set(cloud, domain with { Volumes = [Disk(second, "/dev/vdb")] });
        await line.Find("W", second.Id);
        await line.Run("mount $W /v && test -e /v/two && ! test -e /v/three && echo as-it-was; umount /v", "as-it-was");
    }

    private static async Task Swap(RealCloud cloud, DomainSpec domain, string from, string to)
    {
        cloud.Control.Set(new VolumeSwapSpec(to, domain.Id, from, to));
        await cloud.Until(ItemKinds.VolumeSwap, to, ItemState.Present);
    }

    /// <summary>A guest takes its time to see what came or went.</summary>
    internal static string Wait(string condition) => "for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do " + condition + " && break; sleep 1; done;";

    private static VolumeDiskSpec Disk(VolumeSpec volume, string device, string bus = "virtio") =>
        new(Guid.NewGuid().ToString(), volume.Id, device, bus, false, null);

    private static async Task<(DomainSpec Domain, VolumeImageSpec Image)> Guest(RealCloud cloud, string machine)
    {
        var path = Environment.GetEnvironmentVariable(ImageVariable);
        Assert.False(string.IsNullOrEmpty(path), $"Set {ImageVariable} to a bootable qcow2 image with user cirros (sovereign build makes one).");
        var image = await File.ReadAllBytesAsync(path!, Stop);
        var digest = cloud.AddImage(image);
        var domain = RealCloud.Domain(digest, "qcow2", image.Length, []) with { ShutdownSeconds = 0 };
        return (domain with
        {
            Hardware = domain.Hardware with { Machine = machine },
            Guest = domain.Guest with { UserDataBase64 = Convert.ToBase64String(Encoding.ASCII.GetBytes(GuestLine.UserData)) },
        }, new VolumeImageSpec(digest, "qcow2", image.Length));
    }

    private static async Task Set(RealCloud cloud, DomainSpec domain)
    {
        cloud.Control.Set(domain);
        await Reached(cloud, ItemKinds.Domain, domain.Id);
    }

    /// <summary>Waits until the node says that what is wanted now is there.</summary>
    private static async Task Reached(RealCloud cloud, string kind, string id)
    {
        var limit = Stopwatch.StartNew();
        while (cloud.Control.Observed.GetValueOrDefault(kind + "/" + id) is not { State: ItemState.Running or ItemState.Present } seen
            || seen.Version != cloud.Control.Items.Single(item => item.Id == id).Version)
        {
            Assert.True(limit.Elapsed.TotalSeconds < 60, $"{kind} {id}: {cloud.Control.Observed.GetValueOrDefault(kind + "/" + id)}");
            await Task.Delay(20, Stop);
        }
    }

    private static int Pid(RealCloud cloud, string id) =>
        int.Parse(File.ReadAllText(Path.Combine(cloud.Options.StateDir, "domains", id, "run", "qemu.pid")), null);
}

/// <summary>A shell on a guest's serial line, which its user data put there.</summary>
internal sealed class GuestLine : IDisposable
{
    /// <summary>User data that makes the serial line a shell of root, for this boot and the next ones.</summary>
    public const string UserData = """
        #!/bin/sh
        sed -i 's|^ttyS0::.*|ttyS0::respawn:-/bin/sh|' /etc/inittab
        sync
        kill -HUP 1
        killall getty login
        """;

    private readonly NetworkStream stream;
    private readonly StringBuilder said = new();
    private int commands;

    private GuestLine(NetworkStream stream) => this.stream = stream;

    public static async Task<GuestLine> LogIn(RealCloud cloud, string id)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(cloud.Options.StateDir, "domains", id, "run", "serial.sock")));
        var line = new GuestLine(new NetworkStream(socket, ownsSocket: true));
        for (var tries = 0; !await line.Saw("shell-is-ready", 2); tries++)
        {
            Assert.True(tries < 60, "The guest has no shell on its serial line: " + line.said);
            await line.Send("echo shell-is''-ready\n");
        }
        await line.Run("stty -echo", "");
        return line;
    }

    /// <summary>Runs a command in the guest; what it says must hold a text.</summary>
    public async Task<string> Run(string command, string expected)
    {
        said.Clear();
        var mark = $"done-{++commands}-";
        await Send($"{command}; echo done-{commands}\"-\"\n");
        Assert.True(await Saw(mark, 60), $"{command} did not end: {said}");
        Assert.True(said.ToString().Contains(expected, StringComparison.Ordinal), $"{command} did not say {expected}: {said}");
        return said.ToString();
    }

    /// <summary>Sets a variable of the shell to the disk that shows a volume's id.</summary>
    public Task Find(string name, string volumeId) =>
        Run(Set(name, volumeId) + GuestVolumes.Wait($"test -b ${name} || {{ {Set(name, volumeId)} test -b ${name}; }}")
            + $"test -b ${name} && echo found-${name} || dmesg | tail -20", "found-/dev/vd");

    public void Dispose() => stream.Dispose();

    private static string Set(string name, string volumeId) => $"{name}=/dev/$(grep -l {volumeId[..20]} /sys/block/vd*/serial | cut -d/ -f4);";

    private Task Send(string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();

    private async Task<bool> Saw(string text, int seconds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        var buffer = new byte[4096];
        try
        {
            while (!said.ToString().Contains(text, StringComparison.Ordinal))
            {
                var read = await stream.ReadAsync(buffer, limit.Token);
                if (read == 0) return false;
                said.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
            return true;
        }
        catch (OperationCanceledException) { return false; }
    }
}
