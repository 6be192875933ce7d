using Sovereign.Kernel.Wire;
using Xunit;

namespace Sovereign.Kernel.Tests.Wire;

public sealed class MicroversionTests
{
    [Fact]
    public async Task The_version_asked_for_is_the_version_served_and_announced()
    {
        await using var cloud = await WireToy.Cloud();
        (string? Asked, string Served)[] cases =
        [
            (null, "2.1"), ("toy 2.1", "2.1"), ("toy 2.3", "2.3"), ("toy 2.5", "2.5"), ("toy 2.7", "2.7"), ("toy latest", "2.7"), ("TOY Latest", "2.7"),
            ("other 9.9", "2.1"), ("other 9.9, toy 2.3", "2.3"), ("compute 2.7,toy  2.4", "2.4"),
        ];
        foreach (var (asked, served) in cases)
        {
            var reply = await cloud.Send("GET", "/nova/version", headers: asked is null ? [] : [(MicroversionTable.Header, asked)]);
            Assert.Equal(200, reply.Status);
            Assert.Equal(served, reply.Json["text"]!.GetValue<string>());
            Assert.Equal($"toy {served}", reply.Headers[MicroversionTable.Header]);
            Assert.Equal(served, reply.Headers["X-OpenStack-Toy-API-Version"]);
            Assert.Equal($"{MicroversionTable.Header}, X-OpenStack-Toy-API-Version", reply.Headers["Vary"]);
        }
    }

    [Fact]
    public async Task The_older_header_means_the_same_and_the_newer_one_wins()
    {
        await using var cloud = await WireToy.Cloud();
        var old = await cloud.Send("GET", "/nova/version", headers: [("X-OpenStack-Toy-API-Version", "2.3")]);
        Assert.Equal("2.3", old.Json["text"]!.GetValue<string>());
        var both = await cloud.Send("GET", "/nova/version", headers: [("X-OpenStack-Toy-API-Version", "2.3"), (MicroversionTable.Header, "toy 2.7")]);
        Assert.Equal("2.7", both.Json["text"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("2")]
    [InlineData("2.")]
    [InlineData(".2")]
    [InlineData("2.05")]
    [InlineData("2.3.1")]
    [InlineData("a.b")]
    [InlineData("-2.3")]
    [InlineData("2.-3")]
    [InlineData("2.99999999999")]
    [InlineData("newest")]
    public async Task What_is_no_version_is_a_bad_request(string asked)
    {
        await using var cloud = await WireToy.Cloud();
        var reply = await cloud.Send("GET", "/nova/version", headers: [(MicroversionTable.Header, "toy " + asked)]);
        Assert.Equal(400, reply.Status);
        Assert.Contains("invalid format", reply.Json["badRequest"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2.0")]
    [InlineData("2.8")]
    [InlineData("2.9")]
    [InlineData("3.1")]
    [InlineData("1.7")]
    public async Task A_version_outside_the_range_is_not_acceptable_and_the_range_is_named(string asked)
    {
        await using var cloud = await WireToy.Cloud();
        foreach (var (dialect, _) in WireToy.Dialects)
        {
            var reply = await cloud.Send("GET", $"/{dialect}/version", headers: [(MicroversionTable.Header, "toy " + asked)]);
            Assert.Equal(406, reply.Status);
            Assert.Contains($"Version {asked} is not supported by the API. Minimum is 2.1 and maximum is 2.7.", reply.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Who_has_no_token_gets_401_before_406_and_who_may_not_gets_406_before_403()
    {
        await using var cloud = await WireToy.Cloud();
        (string, string) unknown = (MicroversionTable.Header, "toy 2.8");
        foreach (var (dialect, _) in WireToy.Dialects)
        {
            Assert.Equal(401, (await cloud.Send("GET", $"/{dialect}/version", token: null, headers: [unknown])).Status);
            Assert.Equal(401, (await cloud.Send("GET", $"/{dialect}/version", token: "forged", headers: [unknown])).Status);
            Assert.Equal(406, (await cloud.Send("DELETE", $"/{dialect}/things/1", headers: [unknown])).Status);
            Assert.Equal(403, (await cloud.Send("DELETE", $"/{dialect}/things/1")).Status);
            Assert.Equal(406, (await cloud.Send("GET", $"/{dialect}/open", token: null, headers: [unknown])).Status);
        }
    }

    [Fact]
    public void The_advertised_maximum_stays_below_the_first_change_that_is_missing()
    {
        Assert.Equal(new Microversion(2, 7), WireToy.Versions.Max);
        Assert.Equal(new Microversion(2, 1), WireToy.Versions.Min);
        Assert.Equal(new Microversion(1, 39), new MicroversionTable("p", 1, [new(0, "a"), new(39, "b")]).Max);
    }

    [Fact]
    public void Versions_compare_by_number_and_not_by_text()
    {
        Assert.True(new Microversion(2, 9) < new Microversion(2, 10));
        Assert.True(new Microversion(2, 100) > new Microversion(2, 99));
        Assert.True(new Microversion(3, 0) >= new Microversion(2, 100));
        Assert.Equal("2.10", new Microversion(2, 10).ToString());
    }
}
