using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Signing;
using Xunit;

namespace Sovereign.ObjectStore.Tests;

/// <summary>Signatures and sums against values that others computed: the examples of the Amazon S3 API Reference, and the check values of the algorithms.</summary>
public sealed class SigningTests
{
    private const string Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    private static readonly CredentialScope scope = new("20130524", "us-east-1", "s3");

    [Fact]
    public void The_example_of_a_signed_request_has_its_signature()
    {
        const string Canonical =
            "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n"
            + "x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
            + "x-amz-date:20130524T000000Z\n\nhost;range;x-amz-content-sha256;x-amz-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        var signature = SignatureV4.Sign(SignatureV4.Key(Secret, scope), SignatureV4.StringToSign("20130524T000000Z", scope, Canonical));
        Assert.Equal("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", signature);
    }

    [Fact]
    public async Task The_example_of_a_chunked_body_is_read_and_a_changed_byte_is_found()
    {
        Assert.Equal(66560, (await Read(Example())).Length);
        var changed = Example();
        changed[200] = (byte)'b';
        await Assert.ThrowsAsync<ChunkSignatureException>(() => Read(changed));
        await Assert.ThrowsAsync<BadHttpRequestException>(() => Read(Example()[..60000]));
    }

    [Theory]
    [InlineData("zz\r\nabc\r\n0\r\n\r\n")]
    [InlineData("3\r\nabcd\r\n0\r\n\r\n")]
    [InlineData("3\r\nab")]
    [InlineData("")]
    [InlineData("-1\r\n\r\n")]
    [InlineData("ffffffffffffffffff\r\n\r\n")]
    public async Task Malformed_chunks_are_refused(string body) => await Assert.ThrowsAsync<BadHttpRequestException>(() =>
        Read(Encoding.ASCII.GetBytes(body), null, trailers: true));

    [Fact]
    public async Task Trailers_come_after_the_body()
    {
        await using var body = new ChunkedBody(PipeReader.Create(new MemoryStream("3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n"u8.ToArray())), null,
            trailers: true);
        using var read = new MemoryStream();
        await body.CopyToAsync(read, TestContext.Current.CancellationToken);
        Assert.Equal("abc"u8.ToArray(), read.ToArray());
        Assert.Equal("NSRBwg==", body.Trailing["x-amz-checksum-crc32"]);
    }

    [Theory]
    [InlineData(nameof(ChecksumKind.Crc32), "cbf43926")]
    [InlineData(nameof(ChecksumKind.Crc32C), "e3069283")]
    [InlineData(nameof(ChecksumKind.Sha1), "f7c3bc1d808e04732adf679965ccc34ca7ae3441")]
    [InlineData(nameof(ChecksumKind.Sha256), "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225")]
    public void Sums_have_their_check_values_however_the_bytes_come(string name, string expected)
    {
        var kind = Enum.Parse<ChecksumKind>(name);
        var bytes = "123456789"u8.ToArray();
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            using var sum = kind.Start();
            sum.Append(bytes.AsSpan(0, cut));
            sum.Append(bytes.AsSpan(cut));
            Assert.Equal(expected, Convert.ToHexStringLower(sum.Finish()));
        }
    }

    /// <summary>"Signature calculations for the Authorization header: transferring payload in multiple chunks", with its signatures.</summary>
    private static byte[] Example()
    {
        using var body = new MemoryStream();
        void Write(string text) => body.Write(Encoding.ASCII.GetBytes(text));
        Write("10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n");
        Write(new string('a', 65536));
        Write("\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n");
        Write(new string('a', 1024));
        Write("\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n");
        return body.ToArray();
    }

    private static Task<byte[]> Read(byte[] body) => Read(
        body, new ChunkSigner(SignatureV4.Key(Secret, scope), "20130524T000000Z", scope, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
            trailers: false);

    private static async Task<byte[]> Read(byte[] body, ChunkSigner? signer, bool trailers)
    {
        await using var chunked = new ChunkedBody(PipeReader.Create(new MemoryStream(body)), signer, trailers);
        using var read = new MemoryStream();
        await chunked.CopyToAsync(read, TestContext.Current.CancellationToken);
        return read.ToArray();
    }
}
