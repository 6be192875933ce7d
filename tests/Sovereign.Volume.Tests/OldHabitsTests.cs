using Xunit;

namespace Sovereign.Volume.Tests;

/// <summary>What clients of the original look for in places of their own.</summary>
public class OldHabitsTests
{
    private const string Server = "99999999-9999-4999-8999-999999999999";

    [Fact]
    public async Task What_was_said_of_a_volume_s_writing_stands_in_its_metadata()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume("\"size\": 1, \"metadata\": {\"a\": \"b\"}");
        Assert.Equal("{\"a\":\"b\"}", await Metadata());
        await world.Act(volume, "{\"os-update_readonly_flag\": {\"readonly\": true}}");
        Assert.Equal("{\"a\":\"b\",\"readonly\":\"True\"}", await Metadata());
        await world.Act(volume, "{\"os-update_readonly_flag\": {\"readonly\": false}}");
        Assert.Equal("{\"a\":\"b\",\"readonly\":\"False\"}", await Metadata());

        async Task<string> Metadata() => (await world.Send("GET", "/volumes/" + volume)).Json["volume"]!["metadata"]!.ToJsonString();
    }

    [Fact]
    public async Task An_administrator_frees_a_volume_that_is_in_an_error_state()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        await world.Act(volume, $"{{\"os-attach\": {{\"instance_uuid\": \"{Server}\", \"mountpoint\": \"/dev/vdc\"}}}}");
        await world.Act(volume, "{\"os-reset_status\": {\"status\": \"error\"}}", token: "admin");
        await world.Act(volume, "{\"os-force_detach\": {}}", token: "admin");
        var shown = (await world.Until("volumes", volume, "available")).Json["volume"]!;
        Assert.Empty(shown["attachments"]!.AsArray());
    }

    [Theory]
    [InlineData("vendor_name", "Sovereign", "available")]
    [InlineData("capabilities:storage_protocol", "<in> fil", "available")]
    [InlineData("multiattach", "<is> True", "available")]
    [InlineData("total_capacity_gb", ">= 100", "available")]
    [InlineData("storage_protocol", "<or> iSCSI <or> file", "available")]
    [InlineData("key:of_others", "anything", "available")]
    [InlineData("storage_protocol", "iSCSI", "error")]
    [InlineData("total_capacity_gb", ">= 100000", "error")]
    [InlineData("replication_enabled", "<is> True", "error")]
    [InlineData("capabilities:unheard_of", "x", "error")]
    public async Task A_volume_is_made_where_the_extra_specs_of_its_type_are_met(string name, string value, string status)
    {
        await using var world = await VolumeWorld.Start();
        var specs = new Dictionary<string, string> { [name] = value };
        var type = await world.Send("POST", "/types", "admin", new { volume_type = new { name = "t", extra_specs = specs } });
        Assert.True(type.Status == 200, type.Text);
        var volume = await world.Volume("\"size\": 1, \"volume_type\": \"t\"", status: status);
        var messages = (await world.Send("GET", "/messages", version: "3.3")).Json["messages"]!.AsArray();
        Assert.Equal(status == "error" ? [volume] : [], messages.Select(message => (string)message!["resource_uuid"]!).Distinct());
    }

    [Fact]
    public async Task A_type_loses_its_encryption_whatever_the_path_calls_it()
    {
        await using var world = await VolumeWorld.Start();
        var type = (string)(await world.Send("POST", "/types", "admin", new { volume_type = new { name = "t" } })).Json["volume_type"]!["id"]!;
        Assert.Equal(404, (await world.Send("DELETE", $"/types/{type}/encryption/provider", "admin")).Status);
        Assert.Equal(200, (await world.Send("POST", $"/types/{type}/encryption", "admin", "{\"encryption\": {\"provider\": \"luks\"}}")).Status);
        Assert.Equal(202, (await world.Send("DELETE", $"/types/{type}/encryption/provider", "admin")).Status);
        Assert.Equal("{}", (await world.Send("GET", $"/types/{type}/encryption", "admin")).Text);
    }

    [Fact]
    public async Task Hosts_that_replicate_nothing_are_neither_frozen_nor_failed_over()
    {
        await using var world = await VolumeWorld.Start();
        foreach (var action in new[] { "freeze", "thaw", "failover_host" })
        {
            Assert.Equal(400, (await world.Send("PUT", "/os-services/" + action, "admin", new { host = "node-000@files" })).Status);
        }

        Assert.Contains("\"Hosts\"", (await world.Send("GET", "/extensions")).Text, StringComparison.Ordinal);
    }
}
