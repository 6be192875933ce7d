using Xunit;

namespace Sovereign.Kernel.Tests.Wire;

public sealed class UnroutedTests
{
    public static TheoryData<string> Dialects => [.. WireToy.Dialects.Select(dialect => dialect.Name)];

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Who_has_no_token_is_not_told_which_paths_exist(string dialect)
    {
        await using var cloud = await WireToy.Cloud();
        foreach (var token in (string?[])[null, "", "forged"])
        {
            foreach (var path in (string[])["/nowhere", "/things/1"])
            {
                var reply = await cloud.Send("GET", $"/{dialect}{path}", token);
                Assert.Equal(401, reply.Status);
                Assert.Equal("Keystone uri=\"http://cloud.example:8443/identity/\"", reply.Headers["WWW-Authenticate"]);
                Assert.Equal(401, reply.Json["error"]!["code"]!.GetValue<int>());
                Assert.StartsWith("req-", reply.Headers["x-openstack-request-id"], StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_path_that_is_none_is_not_found_and_a_wrong_method_is_not_allowed(string dialect)
    {
        await using var cloud = await WireToy.Cloud();
        foreach (var path in (string[])["/nowhere", "/things", "/things/1/more", "/things/%2e%2e/x", "/THINGS-1"])
        {
            var missing = await cloud.Send("GET", $"/{dialect}{path}");
            Assert.True(missing.Status == 404, $"{path}: {missing.Status}");
            Assert.Contains("could not be found", missing.Text, StringComparison.Ordinal);
            Assert.StartsWith("req-", missing.Headers["x-openstack-request-id"], StringComparison.Ordinal);
        }

        var wrong = await cloud.Send("PATCH", $"/{dialect}/things/1");
        Assert.Equal(405, wrong.Status);
        Assert.Equal("DELETE, GET, HEAD", string.Join(", ", wrong.Headers["Allow"].Split(", ").Order()));
        Assert.StartsWith("req-", wrong.Headers["x-openstack-request-id"], StringComparison.Ordinal);
        Assert.NotEmpty(wrong.Bytes);
    }

    [Fact]
    public async Task A_slash_at_the_end_makes_another_path_only_where_the_service_is_strict()
    {
        await using var cloud = await WireToy.Cloud();
        Assert.Equal(200, (await cloud.Send("GET", "/neutron/things/1/")).Status);
        Assert.Equal(200, (await cloud.Send("GET", "/glance/things/1")).Status);
        foreach (var method in (string[])["GET", "DELETE", "PATCH"]) Assert.Equal(404, (await cloud.Send(method, "/glance/things/1/")).Status);
        Assert.Equal(401, (await cloud.Send("GET", "/glance/things/1/", token: null)).Status);
    }

    [Fact]
    public async Task A_path_outside_every_service_is_not_found()
    {
        await using var cloud = await WireToy.Cloud();
        Assert.Equal(404, (await cloud.Send("GET", "/")).Status);
        Assert.Equal(404, (await cloud.Send("GET", "/nothing/here", token: null)).Status);
        Assert.Equal(404, (await cloud.Send("GET", "/novae", token: null)).Status);
    }

    [Fact]
    public async Task A_known_caller_without_the_role_is_forbidden_and_open_routes_need_no_token()
    {
        await using var cloud = await WireToy.Cloud();
        Assert.Equal(403, (await cloud.Send("DELETE", "/nova/things/1")).Status);
        Assert.Equal(204, (await cloud.Send("DELETE", "/nova/things/1", "admin")).Status);
        Assert.Equal(403, (await cloud.Send("GET", "/nova/things/1", "reader-a")).Status);
        Assert.Equal(200, (await cloud.Send("GET", "/nova/open", token: null)).Status);
        Assert.Equal(200, (await cloud.Send("GET", "/nova/open", "forged")).Status);
    }

    [Fact]
    public async Task Each_answer_has_a_request_id_of_its_own()
    {
        await using var cloud = await WireToy.Cloud();
        var ids = new HashSet<string>();
        foreach (var path in (string[])["/nova/open", "/nova/things/1", "/nova/nowhere", "/nova/bug", "/nova/fault/gone", "/nothing"])
        {
            Assert.True(ids.Add((await cloud.Send("GET", path)).Headers["x-openstack-request-id"]));
        }
    }

    [Fact]
    public async Task Head_answers_as_get_without_a_body()
    {
        await using var cloud = await WireToy.Cloud();
        var (get, head) = (await cloud.Send("GET", "/nova/things/1"), await cloud.Send("HEAD", "/nova/things/1"));
        Assert.Equal((200, 0), (head.Status, head.Bytes.Length));
        Assert.Equal(get.Headers["Content-Length"], head.Headers["Content-Length"]);
        Assert.Equal(404, (await cloud.Send("HEAD", "/nova/nowhere")).Status);
    }

    [Theory]
    [InlineData("/nova/things/%00")]
    [InlineData("/nova/things/%ff%fe")]
    [InlineData("/nova/things/a%2Fb")]
    [InlineData("/nova/things/..%2f..%2fetc")]
    [InlineData("/nova/things/1?a=%00&b=%ff")]
    public async Task Odd_paths_are_never_an_error_of_the_server(string path)
    {
        await using var cloud = await WireToy.Cloud();
        Assert.InRange((await cloud.Send("GET", path)).Status, 200, 499);
    }
}
