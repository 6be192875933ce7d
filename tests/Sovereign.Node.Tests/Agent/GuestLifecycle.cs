using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Sovereign.Node.Tests.Fabric;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>The whole agent on this machine. The first guest has no operating system; the second is a real one.</summary>
public sealed class GuestLifecycle(ITestOutputHelper output)
{
    /// <summary>Path of a bootable cirros-like qcow2 image for the test of a whole boot.</summary>
    private const string ImageVariable = "SOVEREIGN_TEST_IMAGE";

    [Fact]
    public async Task A_guest_starts_reboots_stops_dies_is_found_again_and_goes()
    {
        await using var cloud = new RealCloud();
        var image = new byte[1024 * 1024];
        var domain = RealCloud.Domain(cloud.AddImage(image), "raw", image.Length, []) with { ShutdownSeconds = 1 };
        cloud.Control.Set(domain);
        cloud.Start();
        output.WriteLine("first start, agent included: "
            + $"{(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running)).TotalMilliseconds:0} ms");
        var first = Pid(cloud, domain.Id);

        await cloud.StopAgent();
        cloud.Control.Observed.Clear();
        cloud.Start();
        output.WriteLine("found again after: "
            + $"{(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running)).TotalMilliseconds:0} ms");
        Assert.Equal(first, Pid(cloud, domain.Id));

        cloud.Control.Observed.Clear();
        cloud.Control.Set(domain with { RebootCount = 1, RebootHard = true });
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        // An earlier report may still be on its way: what counts is the reboot count.
        while (cloud.Control.Observed["domain/" + domain.Id].RebootCount != 1) await Task.Delay(10, TestContext.Current.CancellationToken);
        var second = Pid(cloud, domain.Id);
        Assert.NotEqual(first, second);

        System.Diagnostics.Process.GetProcessById(second).Kill();
        output.WriteLine("death noticed after: "
            + $"{(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Crashed)).TotalMilliseconds:0} ms");
        cloud.Control.Set(domain with { RebootCount = 1, RebootHard = true, Name = "again" });
        output.WriteLine("start of a known guest: "
            + $"{(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running)).TotalMilliseconds:0} ms");

        cloud.Control.Set(domain with { RebootCount = 1, Power = PowerTarget.Shutoff });
        output.WriteLine("stop of a guest that ignores the button: "
            + $"{(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Shutoff)).TotalMilliseconds:0} ms");
        cloud.Control.Set(domain with { RebootCount = 1 });
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);

        cloud.Control.Remove(ItemKinds.Domain, domain.Id);
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Absent);
        Assert.False(Directory.Exists(Path.Combine(cloud.Options.StateDir, "domains", domain.Id)));
        Assert.False(Directory.Exists(Path.Combine(cloud.Options.StateDir, "disks", domain.Id)));
    }

    [Fact]
    public async Task A_guest_stands_still_sleeps_wakes_gets_and_loses_a_nic_and_gets_another_disk()
    {
        await using var cloud = new RealCloud();
        var image = new byte[1024 * 1024];
        var network = PacketWorld.Network(dhcp: false);
        var group = PacketWorld.Group(PacketWorld.Egress());
        var domain = RealCloud.Domain(cloud.AddImage(image), "raw", image.Length, []) with { ShutdownSeconds = 0 };
        var port = new PortSpec(Guid.NewGuid().ToString(), network.Id, domain.Id, "fa:16:3e:01:02:03",
            [new AddressSpec(network.Subnets[0].Id, "10.0.0.5")], true, true, [group.Id], [], "guest");
        cloud.Control.Set(domain);
        cloud.Start();
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        var pid = Pid(cloud, domain.Id);
        cloud.Control.Set(domain with { Power = PowerTarget.Paused });
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Paused);
        cloud.Control.Set(network);
        cloud.Control.Set(group);
        cloud.Control.Set(port);
        domain = domain with { Nics = [new NicSpec(port.Id, port.Mac, 1450)] };
        cloud.Control.Set(domain);
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        cloud.Control.Ask(new NodeRequest("use", "diagnostics", domain.Id, 65536));
        while (!cloud.Control.Answers.ContainsKey("use")) await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Contains(port.Mac, System.Text.Encoding.UTF8.GetString(cloud.Control.Answers["use"]), StringComparison.Ordinal);
        cloud.Control.Set(domain with { Power = PowerTarget.Suspended });
        output.WriteLine($"suspend: {(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Suspended)).TotalMilliseconds:0} ms");
        cloud.Control.Set(domain);
        output.WriteLine($"resume: {(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running)).TotalMilliseconds:0} ms");
        Assert.NotEqual(pid, Pid(cloud, domain.Id));
        domain = domain with { Nics = [], Power = PowerTarget.Paused };
        cloud.Control.Set(domain);
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Paused);
        cloud.Control.Remove(ItemKinds.Port, port.Id);
        await cloud.Until(ItemKinds.Port, port.Id, ItemState.Absent);
        domain = domain with { RebootCount = 1, RebootHard = true, Power = PowerTarget.Running, Root = domain.Root! with { Generation = 1, CopyOf = 0 } };
        cloud.Control.Set(domain);
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        var disks = Path.Combine(cloud.Options.StateDir, "disks", domain.Id);
        Assert.Equal(2, Directory.EnumerateFiles(disks).Count());
        cloud.Control.Set(domain with { Power = PowerTarget.Shutoff, Root = domain.Root! with { CopyOf = null } });
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Shutoff);
        Assert.Equal(["root-1.qcow2"], Directory.EnumerateFiles(disks).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_guest_s_disk_is_copied_while_it_runs_and_while_it_is_off_and_it_boots_from_another()
    {
        await using var cloud = new RealCloud();
        var image = new byte[1024 * 1024];
        Random.Shared.NextBytes(image);
        image[^1] = image[^2] = 0;   // no boot signature: nothing of it runs
        var domain = RealCloud.Domain(cloud.AddImage(image), "raw", image.Length, []) with
        {
            ShutdownSeconds = 0,
            Blanks = [new BlankDiskSpec("ephemeral0", 8 << 20), new BlankDiskSpec("swap", 4 << 20)],
        };
        cloud.Control.Set(domain);
        cloud.Start();
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        var (first, second) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        cloud.Control.Set(new SnapshotSpec(first, domain.Id));
        output.WriteLine($"copied and sent while it runs: {(await cloud.Until(ItemKinds.Snapshot, first, ItemState.Present)).TotalMilliseconds:0} ms");
        await Same(cloud, first, image);
        cloud.Control.Remove(ItemKinds.Snapshot, first);
        await cloud.Until(ItemKinds.Snapshot, first, ItemState.Absent);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(cloud.Options.StateDir, "snapshots")));

        foreach (var (bus, cdrom) in new[] { ("virtio", false), ("scsi", false), ("ide", true), ("usb", false) })
        {
            domain = domain with
            {
                RebootCount = domain.RebootCount + 1,
                RebootHard = true,
                Rescue = new RescueSpec(domain.Root! with { SizeBytes = 0, Generation = domain.RebootCount + 1 }, bus, cdrom, true),
            };
            cloud.Control.Set(domain);
            await Booted(cloud, domain);
        }

        var disks = Path.Combine(cloud.Options.StateDir, "disks", domain.Id);
        Assert.Equal(["ephemeral0.raw", "rescue-4.qcow2", "root.qcow2", "swap.raw"], Directory.EnumerateFiles(disks).Select(Path.GetFileName).Order());
        domain = domain with { RebootCount = 5, Rescue = null };
        cloud.Control.Set(domain);
        await Booted(cloud, domain);
        Assert.Empty(Directory.EnumerateFiles(disks, "rescue*"));
        domain = domain with { Power = PowerTarget.Shutoff };
        cloud.Control.Set(domain);
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Shutoff);
        cloud.Control.Set(new SnapshotSpec(second, domain.Id));
        output.WriteLine($"copied and sent while it is off: {(await cloud.Until(ItemKinds.Snapshot, second, ItemState.Present)).TotalMilliseconds:0} ms");
        await Same(cloud, second, image);
    }

    [Fact]
    public async Task A_guest_boots_by_UEFI_with_a_TPM_and_secure_boot_starts_nothing_unsigned()
    {
        var path = Environment.GetEnvironmentVariable(ImageVariable);
        Assert.False(string.IsNullOrEmpty(path), $"Set {ImageVariable} to a bootable qcow2 image with user cirros (sovereign build makes one).");
        await using var cloud = new RealCloud();
        var image = await File.ReadAllBytesAsync(path!, TestContext.Current.CancellationToken);
        var digest = cloud.AddImage(image);
        var tpm = new TpmSpec(TpmSpec.Version2, true, new string('5', 64));
        var domain = RealCloud.Domain(digest, "qcow2", image.Length, [], memory: 256) with { ShutdownSeconds = 0 };
        var open = domain with { Hardware = domain.Hardware with { Machine = "q35", Firmware = FirmwareKinds.Uefi, Tpm = tpm } };
        cloud.Control.Set(open);
        cloud.Start();
        await cloud.Until(ItemKinds.Domain, open.Id, ItemState.Running);
        var directory = Path.Combine(cloud.Options.StateDir, "domains", open.Id);
        await Says(directory, "login:");
        var written = await File.ReadAllTextAsync(Path.Combine(directory, "run", "tpm.pid"), TestContext.Current.CancellationToken);
        var swtpm = int.Parse(written, System.Globalization.CultureInfo.InvariantCulture);
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(directory, "tpm"), "*permall"));
        Assert.True(File.Exists(Path.Combine(directory, "variables.fd")));

        // The same guest, as after a rebuild: what it had without secure boot trusts nobody and refuses nobody.
        var again = open with { RebootCount = 1, RebootHard = true, Hardware = open.Hardware with { Firmware = FirmwareKinds.UefiSecure } };
        cloud.Control.Set(again);
        await Says(directory, "Access Denied");

        var closed = domain with { Id = Guid.NewGuid().ToString(), Hardware = domain.Hardware with { Machine = "q35", Firmware = FirmwareKinds.UefiSecure } };
        cloud.Control.Set(closed);
        await Says(Path.Combine(cloud.Options.StateDir, "domains", closed.Id), "Access Denied");

        foreach (var id in new[] { open.Id, closed.Id })
        {
            cloud.Control.Remove(ItemKinds.Domain, id);
            await cloud.Until(ItemKinds.Domain, id, ItemState.Absent);
        }

        Assert.True(await Sovereign.Node.Machine.ProcessEnd.Wait(swtpm, TimeSpan.FromSeconds(5), TimeProvider.System, TestContext.Current.CancellationToken));
    }

    /// <summary>Waits until a domain's console shows a text.</summary>
    private static async Task Says(string directory, string text)
    {
        var console = Path.Combine(directory, "console.log");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        while (!File.Exists(console) || !(await File.ReadAllTextAsync(console, limit.Token)).Contains(text, StringComparison.Ordinal)) await Task.Delay(200, limit.Token);
    }

    private static async Task Booted(RealCloud cloud, DomainSpec domain)
    {
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        while (cloud.Control.Observed["domain/" + domain.Id] is not { State: ItemState.Running } seen || seen.RebootCount != domain.RebootCount)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>A copy stands for itself and begins with what the image has; the guest wrote nothing.</summary>
    private static async Task Same(RealCloud cloud, string snapshot, byte[] image)
    {
        var copy = Path.Combine(cloud.Options.DataDir, "copy.qcow2");
        var raw = copy + ".raw";
        await File.WriteAllBytesAsync(copy, cloud.Control.Snapshots[snapshot], TestContext.Current.CancellationToken);
        var info = await cloud.Runner.Must("qemu-img", ["info", "--output=json", copy], TestContext.Current.CancellationToken);
        Assert.DoesNotContain("backing-filename", info, StringComparison.Ordinal);
        await cloud.Runner.Must("qemu-img", ["convert", "-O", "raw", copy, raw], TestContext.Current.CancellationToken);
        await using var file = new FileStream(raw, FileMode.Open, FileAccess.Read);
        Assert.Equal(1L << 30, file.Length);
        var bytes = new byte[image.Length];
        await file.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        Assert.True(bytes.AsSpan().SequenceEqual(image), "The copy is not what the disk was.");
        Assert.True(new FileInfo(copy).Length < 4 * image.Length, "The copy holds what was never written.");
    }

    [Fact]
    public async Task A_whole_guest_boots_gets_its_address_and_metadata_and_answers_ssh_on_its_floating_ip()
    {
        var path = Environment.GetEnvironmentVariable(ImageVariable);
        Assert.False(string.IsNullOrEmpty(path), $"Set {ImageVariable} to a bootable qcow2 image with user cirros (sovereign build makes one).");
        await using var cloud = new RealCloud();
        var image = await File.ReadAllBytesAsync(path!, TestContext.Current.CancellationToken);
        var digest = cloud.AddImage(image);
        var key = Path.Combine(cloud.Options.DataDir, "key");
        await cloud.Runner.Must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key], TestContext.Current.CancellationToken);
        cloud.Start();
        while (cloud.Control.Facts is null) await Task.Delay(10, TestContext.Current.CancellationToken);
        var range = cloud.Control.Facts.ExternalCidr;
        string External(int host) => range[..range.LastIndexOf('.')] + "." + host;
        var external = new NetworkSpec(Guid.NewGuid().ToString(), "p", 2, 1500, true, "", [new SubnetSpec("e", range, External(1), null, [],
            [])]);
        var network = PacketWorld.Network(dhcp: true);
        var group = PacketWorld.Group(PacketWorld.Ingress("tcp", 22, 22), PacketWorld.Egress());
        var port = new PortSpec(Guid.NewGuid().ToString(), network.Id, "d", "fa:16:3e:01:02:03",
            [new AddressSpec(network.Subnets[0].Id, "10.0.0.5")], true, true, [group.Id], [], "guest");
        var domain = RealCloud.Domain(digest, "qcow2", image.Length, [new NicSpec(port.Id, port.Mac, 1450)],
            (await File.ReadAllTextAsync(key + ".pub", TestContext.Current.CancellationToken)).Trim(), configDrive: false);
        port = port with { DomainId = domain.Id };
        var router = new RouterSpec(Guid.NewGuid().ToString(), true, new RouterGatewaySpec(Guid.NewGuid().ToString(), external.Id,
            "fa:16:3e:aa:aa:01", [External(10) + "/24"], External(1), true),
            [new RouterInterfaceSpec(Guid.NewGuid().ToString(), network.Id, "fa:16:3e:bb:bb:01", ["10.0.0.1/24"])],
                [new FloatingIpSpec("f", External(20), "10.0.0.5")], []);
        cloud.Control.Set(external);
        cloud.Control.Set(network);
        cloud.Control.Set(group);
        cloud.Control.Set(router);
        await cloud.Until(ItemKinds.Router, router.Id, ItemState.Present);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        cloud.Control.Set(port);
        cloud.Control.Set(domain);
        await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        output.WriteLine($"port and guest asked -> running reported: {watch.ElapsedMilliseconds} ms (image fetched on the way)");
        var said = await Ssh(cloud, key, External(20),
            "hostname; cat /tmp/user-data-ran; wget -q -O - http://169.254.169.254/ 2>/dev/null; curl -s "
                + "http://169.254.169.254/latest/meta-data/instance-id; ip link show eth0");
        output.WriteLine($"ssh through the floating IP answered after: {watch.ElapsedMilliseconds} ms: {said}");
        Assert.Contains("i-00000001", said, StringComparison.Ordinal);
        Assert.Contains("from-user-data", said, StringComparison.Ordinal);
        Assert.Contains("mtu 1450", said, StringComparison.Ordinal);
        cloud.Control.Ask(new NodeRequest("t1", "console", domain.Id, 4096));
        while (!cloud.Control.Answers.ContainsKey("t1")) await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Contains("login:", System.Text.Encoding.UTF8.GetString(cloud.Control.Answers["t1"]), StringComparison.Ordinal);
        cloud.Control.Set(domain with { Power = PowerTarget.Shutoff });
        output.WriteLine($"soft stop: {(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Shutoff)).TotalMilliseconds:0} ms");
        cloud.Control.Set(domain);
        output.WriteLine($"start again: {(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Running)).TotalMilliseconds:0} ms");
        await Ssh(cloud, key, External(20), "poweroff");
        output.WriteLine("guest's own power-off noticed: "
            + $"{(await cloud.Until(ItemKinds.Domain, domain.Id, ItemState.Shutoff)).TotalMilliseconds:0} ms");
    }

    private static async Task<string> Ssh(RealCloud cloud, string key, string address, string command)
    {
        for (var tries = 0; ; tries++)
        {
            var result = await cloud.Runner.Run("ssh", ["-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "ConnectTimeout=2", "-o", "BatchMode=yes",
                "cirros@" + address, command], TestContext.Current.CancellationToken);
            if (result.ExitCode != 255 || result.Output.Length > 0) return result.Output;
            Assert.True(tries < 120, $"No ssh to {address}: {result.Error}\n{Console(cloud)}");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }

    private static string Console(RealCloud cloud) =>
        string.Concat(Directory.EnumerateFiles(cloud.Options.StateDir, "console.log", SearchOption.AllDirectories).Select(File.ReadAllText)
            .Select(t => t[^Math.Min(t.Length, 3000)..]));

    private static int Pid(RealCloud cloud, string id) => int.Parse(File.ReadAllText(Path.Combine(cloud.Options.StateDir, "domains", id,
        "run", "qemu.pid")), null);
}
