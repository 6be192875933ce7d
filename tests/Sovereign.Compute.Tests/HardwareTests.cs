using Sovereign.Compute.Servers;
using Xunit;

namespace Sovereign.Compute.Tests;

/// <summary>Virtual hardware by image properties and extra specs.</summary>
public class HardwareTests
{
    [Fact]
    public void What_is_asked_for_is_what_the_node_is_told()
    {
        var image = new Dictionary<string, string>
        {
            ["hw_machine_type"] = "pc-q35-7.2", ["hw_disk_bus"] = "scsi", ["hw_vif_model"] = "e1000", ["hw_video_model"] = "virtio", ["hw_watchdog_action"] = "reset",
            ["hw_rng_model"] = "virtio", ["os_distro"] = "debian", ["hw_firmware_type"] = "bios", ["hw_cpu_cores"] = "2",
        };
        var made = HardwareRules.Read(image, new Dictionary<string, string> { ["hw_rng:allowed"] = "false", ["scs:name-v1"] = "x" }, 4).Value;
        Assert.Equal(("scsi", "e1000", "q35", false, "reset", "virtio"), (made.DiskBus, made.NicModel, made.Machine, made.Rng, made.Watchdog, made.Video));
        Assert.Equal(new Sovereign.Node.Contract.TopologySpec(2, 2, 1), made.Topology);
        var plain = HardwareRules.Read(new Dictionary<string, string>(), new Dictionary<string, string>(), 4).Value;
        Assert.Equal(new Sovereign.Node.Contract.HardwareSpec("virtio", "virtio", "pc", true), plain);
        var flavors = HardwareRules.Read(
            new Dictionary<string, string> { ["hw_cpu_sockets"] = "4" },
            new Dictionary<string, string> { ["hw:cpu_sockets"] = "1", ["hw:watchdog_action"] = "disabled" },
            4);
        Assert.Equal(new Sovereign.Node.Contract.TopologySpec(1, 4, 1), flavors.Value.Topology);
        Assert.Null(flavors.Value.Watchdog);
    }

    [Fact]
    public void A_tablet_is_there_by_the_image_s_word()
    {
        static string? Made(params (string, string)[] image) =>
            HardwareRules.Read(image.ToDictionary(pair => pair.Item1, pair => pair.Item2), new Dictionary<string, string>(), 1).Value.Tablet;
        Assert.Null(Made());
        Assert.Null(Made(("hw_pointer_model", "ps2mouse"), ("hw_input_bus", "virtio")));
        Assert.Equal("usb", Made(("hw_pointer_model", "usbtablet")));
        Assert.Equal("virtio", Made(("hw_pointer_model", "usbtablet"), ("hw_input_bus", "virtio")));
    }

    [Fact]
    public void Firmware_secure_boot_and_a_TPM_are_read_from_image_and_flavor()
    {
        Sovereign.Node.Contract.HardwareSpec Made(Dictionary<string, string> image, Dictionary<string, string>? specs = null) =>
            HardwareRules.Read(image, specs ?? [], 1).Value;
        var uefi = Made(new() { ["hw_firmware_type"] = "uefi" });
        Assert.Equal(("pc", "uefi"), (uefi.Machine, uefi.Firmware));
        var secure = Made(new() { ["hw_firmware_type"] = "uefi" }, new() { ["os:secure_boot"] = "required" });
        Assert.Equal(("q35", "uefi-secure"), (secure.Machine, secure.Firmware));
        Assert.Equal("uefi-secure", Made(new() { ["hw_firmware_type"] = "uefi", ["hw_machine_type"] = "q35", ["os_secure_boot"] = "optional" }).Firmware);
        Assert.Equal("uefi", Made(new() { ["hw_firmware_type"] = "uefi", ["hw_machine_type"] = "pc", ["os_secure_boot"] = "optional" }).Firmware);
        Assert.Null(Made(new() { ["os_secure_boot"] = "optional" }).Firmware);
        Assert.False(HardwareRules.Read(
            new Dictionary<string, string> { ["hw_firmware_type"] = "uefi", ["hw_machine_type"] = "pc", ["os_secure_boot"] = "required" },
            new Dictionary<string, string>(), 1).Ok);
        Assert.Equal(
            new Sovereign.Node.Contract.TpmSpec("2.0", true, ""),
            Made(new() { ["hw_tpm_version"] = "1.2" }, new() { ["hw:tpm_version"] = "2.0", ["hw:tpm_model"] = "tpm-crb" }).Tpm);
        Assert.Equal(new Sovereign.Node.Contract.TpmSpec("1.2", false, ""), Made(new() { ["hw_tpm_version"] = "1.2" }).Tpm);
        Assert.False(HardwareRules.Read(
            new Dictionary<string, string> { ["hw_tpm_version"] = "1.2", ["hw_tpm_model"] = "tpm-crb" }, new Dictionary<string, string>(), 1).Ok);
    }

    [Theory]
    [InlineData("hw_firmware_type", "coreboot")]
    [InlineData("os_secure_boot", "required")]
    [InlineData("hw_tpm_version", "3.0")]
    [InlineData("hw_machine_type", "virt")]
    [InlineData("hw_disk_bus", "sata")]
    [InlineData("hw_vif_model", "vmxnet3")]
    [InlineData("hw_pointer_model", "trackball")]
    [InlineData("hw_input_bus", "adb")]
    [InlineData("hw_video_model", "qxl")]
    [InlineData("hw_watchdog_action", "explode")]
    [InlineData("hw_cpu_sockets", "3")]
    [InlineData("hw_cpu_threads", "none")]
    [InlineData("hw_mem_page_size", "large")]
    [InlineData("hw_numa_nodes", "2")]
    [InlineData("hw_cpu_policy", "dedicated")]
    public void What_no_node_can_give_is_refused(string property, string value) =>
        Assert.False(HardwareRules.Read(new Dictionary<string, string> { [property] = value }, new Dictionary<string, string>(), 4).Ok);

    [Theory]
    [InlineData("hw:cpu_policy", "dedicated")]
    [InlineData("hw:mem_page_size", "1GB")]
    [InlineData("pci_passthrough:alias", "gpu:1")]
    public async Task A_flavor_that_no_node_can_give_makes_no_server(string key, string value)
    {
        await using var world = await ComputeWorld.Start(0);
        var flavor = await world.Send("POST", "/flavors", "admin", "{\"flavor\": {\"name\": \"odd\", \"vcpus\": 1, \"ram\": 256, \"disk\": 1}}");
        var id = (string)flavor.Json["flavor"]!["id"]!;
        Assert.Equal(200, (await world.Send("POST", $"/flavors/{id}/os-extra_specs", "admin", $"{{\"extra_specs\": {{\"{key}\": \"{value}\"}}}}", "2.86")).Status);
        var reply = await world.Send("POST", "/servers", body: new
        {
            server = new { name = "odd", imageRef = ComputeWorld.Image, flavorRef = id, networks = new[] { new { uuid = ComputeWorld.Network } } },
        });
        Assert.Equal(400, reply.Status);
        Assert.Contains("No valid host was found", reply.Text);
    }

    [Fact]
    public async Task A_server_with_a_TPM_stays_on_its_node()
    {
        await using var world = await ComputeWorld.Start();
        var flavor = await world.Send("POST", "/flavors", "admin", "{\"flavor\": {\"name\": \"trusted\", \"vcpus\": 1, \"ram\": 256, \"disk\": 1}}");
        var flavorId = (string)flavor.Json["flavor"]!["id"]!;
        Assert.Equal(200, (await world.Send("POST", $"/flavors/{flavorId}/os-extra_specs", "admin", "{\"extra_specs\": {\"hw:tpm_version\": \"2.0\"}}", "2.86")).Status);
        var made = await world.Send("POST", "/servers", body: new
        {
            server = new { name = "trusted", imageRef = ComputeWorld.Image, flavorRef = flavorId, networks = new[] { new { uuid = ComputeWorld.Network } } },
        });
        var id = (string)made.Json["server"]!["id"]!;
        await world.Until(id, "ACTIVE");
        foreach (var action in new[] { "migrate", "shelve" })
        {
            var refused = await world.Send("POST", $"/servers/{id}/action", "admin", $"{{\"{action}\": null}}");
            Assert.Equal(400, refused.Status);
            Assert.Contains("not supported for vTPM-enabled instance", refused.Text);
        }
    }

    [Fact]
    public async Task Usage_comes_in_pages()
    {
        await using var world = await ComputeWorld.Start();
        var ids = new List<string>();
        foreach (var name in new[] { "a", "b", "c" }) ids.Add(await world.Create(name));
        foreach (var id in ids) await world.Until(id, "ACTIVE");
        var seen = new List<string>();
        string? marker = null;
        do
        {
            var page = (await world.Send("GET", $"/os-simple-tenant-usage?detailed=1&limit=2{marker}", "admin", version: "2.40")).Json;
            seen.AddRange(page["tenant_usages"]!.AsArray().SelectMany(usage => usage!["server_usages"]!.AsArray()).Select(usage => (string)usage!["instance_id"]!));
            var next = (string?)page["tenant_usages_links"]?[0]!["href"];
            marker = next is null ? null : "&" + next[next.IndexOf("marker=", StringComparison.Ordinal)..];
        }
        while (marker is not null);
        Assert.Equal(ids.Order(StringComparer.Ordinal), seen);
        Assert.Equal(400, (await world.Send("GET", "/os-simple-tenant-usage?marker=nope", "admin", version: "2.40")).Status);
        Assert.Equal(400, (await world.Send("GET", "/os-simple-tenant-usage?limit=-1", "admin", version: "2.40")).Status);
        Assert.Equal(200, (await world.Send("GET", "/os-simple-tenant-usage?limit=1", "admin")).Status);
    }
}
