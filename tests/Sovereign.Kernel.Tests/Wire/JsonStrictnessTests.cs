using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Wire;

public sealed class JsonStrictnessTests
{
    private static readonly (string What, byte[] Body)[] bad =
    [
        ("nothing", []),
        ("a space", " "u8.ToArray()),
        ("half a document", "{\"echo\":{\"text\":\"a\""u8.ToArray()),
        ("two documents", "{\"echo\":{\"text\":\"a\"}}{}"u8.ToArray()),
        ("a comment", "{\"echo\":{\"text\":\"a\"/* */}}"u8.ToArray()),
        ("a trailing comma", "{\"echo\":{\"text\":\"a\",}}"u8.ToArray()),
        ("single quotes", "{'echo':{'text':'a'}}"u8.ToArray()),
        ("null", "null"u8.ToArray()),
        ("an array", "[]"u8.ToArray()),
        ("a number", "7"u8.ToArray()),
        ("no member", "{}"u8.ToArray()),
        ("a null member", "{\"echo\":null}"u8.ToArray()),
        ("a member of another type", "{\"echo\":[]}"u8.ToArray()),
        ("a required member left out", "{\"echo\":{}}"u8.ToArray()),
        ("a required member null", "{\"echo\":{\"text\":null}}"u8.ToArray()),
        ("an unknown member", "{\"echo\":{\"text\":\"a\",\"colour\":1}}"u8.ToArray()),
        ("an unknown outer member", "{\"echo\":{\"text\":\"a\"},\"x\":1}"u8.ToArray()),
        ("a member of other capitals", "{\"echo\":{\"Text\":\"a\"}}"u8.ToArray()),
        ("a duplicate member", "{\"echo\":{\"text\":\"a\",\"text\":\"b\"}}"u8.ToArray()),
        ("a number for text", "{\"echo\":{\"text\":1}}"u8.ToArray()),
        ("text for a number", "{\"echo\":{\"text\":\"a\",\"number\":\"one\"}}"u8.ToArray()),
        ("a fraction for a number", "{\"echo\":{\"text\":\"a\",\"number\":1.5}}"u8.ToArray()),
        ("a number too large", "{\"echo\":{\"text\":\"a\",\"number\":99999999999}}"u8.ToArray()),
        ("a word for truth", "{\"echo\":{\"text\":\"a\",\"truth\":\"maybe\"}}"u8.ToArray()),
        ("text for a list", "{\"echo\":{\"text\":\"a\",\"many\":\"b\"}}"u8.ToArray()),
        ("numbers in a list of texts", "{\"echo\":{\"text\":\"a\",\"many\":[1]}}"u8.ToArray()),
        ("not a number", "{\"echo\":{\"text\":\"a\",\"number\":NaN}}"u8.ToArray()),
        ("bad UTF-8", [.. "{\"echo\":{\"text\":\""u8, 0xC3, 0x28, .. "\"}}"u8]),
        ("bad UTF-8 in a name", [.. "{\"echo\":{\"text\":\"a\",\""u8, 0xFF, .. "\":1}}"u8]),
        ("an overlong UTF-8 form", [.. "{\"echo\":{\"text\":\""u8, 0xC0, 0x80, .. "\"}}"u8]),
        ("half a surrogate pair", "{\"echo\":{\"text\":\"\\ud800\"}}"u8.ToArray()),
        ("half a surrogate pair in a name", "{\"echo\":{\"text\":\"a\",\"\\udc00\":1}}"u8.ToArray()),
        ("a raw control character", "{\"echo\":{\"text\":\"a\u0001\"}}"u8.ToArray()),
        ("an escaped NUL", "{\"echo\":{\"text\":\"a\\u0000b\"}}"u8.ToArray()),
        ("UTF-16", Encoding.Unicode.GetBytes("{\"echo\":{\"text\":\"a\"}}")),
        ("too deep", Encoding.UTF8.GetBytes("{\"echo\":{\"text\":" + new string('[', 200) + new string(']', 200) + "}}")),
    ];

    [Fact]
    public async Task Every_wrong_body_is_a_bad_request_in_the_services_own_words()
    {
        await using var cloud = await WireToy.Cloud();
        foreach (var (what, body) in bad)
        {
            var reply = await cloud.Send("POST", "/nova/echo", body: Json(body));
            Assert.True(reply.Status == 400, $"{what}: {reply.Status} {reply.Text}");
            var message = reply.Json["badRequest"]!["message"]!.GetValue<string>();
            Assert.True(message.Length is > 0 and < 500, $"{what}: {message}");
            Assert.DoesNotContain("Sovereign.", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{\"echo\":{\"text\":\"ä😀\\u00e9\"}}", "ä😀é")]
    [InlineData("{\"echo\":{\"text\":\"back\\\\u0000slash\"}}", "back\\u0000slash")]
    [InlineData(" {\n\"echo\" : {\"number\":\"7\",\"text\":\"\"}}\r\n", "")]
    public async Task A_right_body_comes_back_as_it_was(string body, string text)
    {
        await using var cloud = await WireToy.Cloud();
        var reply = await cloud.Send("POST", "/nova/echo", body: body);
        Assert.Equal(200, reply.Status);
        Assert.Equal(text, reply.Json["text"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/json-patch+json")]
    [InlineData("application/jsonx")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task A_body_of_another_media_type_is_unsupported(string media)
    {
        await using var cloud = await WireToy.Cloud();
        Assert.Equal(415, (await cloud.Send("POST", "/nova/echo", body: Json("{\"echo\":{\"text\":\"a\"}}"u8.ToArray(), media))).Status);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("APPLICATION/JSON")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData(null)]
    public async Task Json_by_its_name_or_without_one_is_read(string? media)
    {
        await using var cloud = await WireToy.Cloud();
        Assert.Equal(200, (await cloud.Send("POST", "/nova/echo", body: Json("{\"echo\":{\"text\":\"a\"}}"u8.ToArray(), media))).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_at_the_limit_is_read_and_one_byte_more_is_too_large(bool chunked)
    {
        await using var cloud = await WireToy.Cloud();
        foreach (var (bytes, status) in (ValueTuple<int, int>[])[(WireToy.BodyBytesMax, 200), (WireToy.BodyBytesMax + 1, 413), (300_000, 413)])
        {
            var (head, tail) = ("{\"echo\":{\"text\":\"", "\"}}");
            var content = Json(Encoding.UTF8.GetBytes(head + new string('x', bytes - head.Length - tail.Length) + tail));
            if (chunked) content = new StreamContent(new UnknownLength(await content.ReadAsByteArrayAsync())) { Headers = { ContentType = content.Headers.ContentType } };
            var reply = await cloud.Send("POST", "/nova/echo", body: content);
            Assert.Equal(status, reply.Status);
            if (status == 413) Assert.Contains("too large", reply.Json["overLimit"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_body_that_never_arrives_is_refused_in_bounded_time()
    {
        await using var cloud = await WireToy.Cloud();
        using var client = new TcpClient();
        await client.ConnectAsync(cloud.Http.BaseAddress!.Host, cloud.Http.BaseAddress.Port);
        var stream = client.GetStream();
        await stream.WriteAsync("POST /nova/echo HTTP/1.1\r\nHost: x\r\nX-Auth-Token: member-a\r\nContent-Length: 100\r\n\r\n{"u8.ToArray());
        var clock = Stopwatch.StartNew();
        using var reader = new StreamReader(stream);
        var line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(45));
        Assert.Matches("^HTTP/1.1 4[0-9][0-9] ", line);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task Garbage_from_a_seed_never_breaks_the_server()
    {
        await using var cloud = await WireToy.Cloud();
        var random = new Sovereign.Testing.Sources.SeededSource(9);
        var good = "{\"echo\":{\"text\":\"abc\",\"number\":12,\"truth\":true,\"many\":[\"x\",\"y\"]}}"u8.ToArray();
        for (var round = 0; round < 300; round++)
        {
            var body = good.ToArray();
            for (var changes = 1 + random.Below(4); changes > 0; changes--) body[random.Below(body.Length)] = (byte)random.Below(256);
            var reply = await cloud.Send("POST", "/nova/echo", body: Json(body[..random.Below(body.Length + 1)]));
            Assert.True(reply.Status is 200 or 400, $"{Convert.ToHexString(body)}: {reply.Status}");
        }
    }

    private static HttpContent Json(byte[] bytes, string? media = "application/json")
    {
        var content = new ByteArrayContent(bytes);
        if (media is not null) content.Headers.ContentType = MediaTypeHeaderValue.Parse(media);
        return content;
    }

    /// <summary>Makes the client send chunks instead of a length.</summary>
    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
