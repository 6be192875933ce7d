using System.Globalization;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Testing.Sources;
using Xunit;

namespace Sovereign.Kernel.Tests.Access;

public sealed class TokenCodecTests
{
    private readonly SeededSource source = new(11);
    private readonly TokenCodec codec;

    public TokenCodecTests() => codec = new TokenCodec(new MasterKey(Bytes(MasterKey.Bytes)), source);

    [Fact]
    public void Every_payload_comes_back_as_it_was_and_fits_into_255_bytes()
    {
        for (var round = 0; round < 3_000; round++)
        {
            var payload = Random();
            var token = codec.Seal(payload);
            Assert.InRange(token.Length, 1, TokenCodec.TokenBytesMax);
            var opened = codec.Open(token);
            Assert.NotNull(opened);
            Assert.Equal(Words(payload), Words(opened));
        }
    }

    [Fact]
    public void The_longest_form_of_every_id_together_fits_into_255_bytes()
    {
        var payload = new TokenPayload(
            Hex(64), ScopeKind.Project, Hex(32), (AuthMethods)255, long.MaxValue, long.MaxValue, Bytes(16), Bytes(16), Hex(32));
        Assert.InRange(codec.Seal(payload).Length, 1, TokenCodec.TokenBytesMax);
    }

    [Fact]
    public void A_token_cut_anywhere_is_no_token()
    {
        var token = codec.Seal(Random());
        for (var length = 0; length < token.Length; length++)
        {
            Assert.Null(codec.Open(token[..length]));
            Assert.Null(codec.Open(token[(length + 1)..]));
        }
    }

    [Fact]
    public void A_token_with_one_character_changed_is_no_token()
    {
        for (var round = 0; round < 4; round++)
        {
            var token = codec.Seal(Random());
            for (var i = 0; i < token.Length; i++)
            {
                foreach (var other in "Aa0_-z!= \n\0é")
                {
                    if (other == token[i]) continue;
                    var forged = token[..i] + other + token[(i + 1)..];
                    Assert.True(codec.Open(forged) is null, $"Position {i} of {token.Length} as '{other}' was taken.");
                }
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("====")]
    [InlineData("gAAAAABm-not-a-token-of-this-cloud")]
    [InlineData("tok en")]
    [InlineData("\u0000\u0001")]
    [InlineData("ⅷ")]
    public void What_is_no_token_is_refused_without_an_exception(string text) => Assert.Null(codec.Open(text));

    [Fact]
    public void Text_longer_than_any_token_is_refused()
    {
        Assert.Null(codec.Open(new string('A', TokenCodec.TokenBytesMax)));
        Assert.Null(codec.Open(new string('A', TokenCodec.TokenBytesMax + 1)));
        Assert.Null(codec.Open(new string('A', 100_000)));
    }

    [Fact]
    public void A_token_with_spaces_around_it_is_not_another_form_of_it()
    {
        var token = codec.Seal(Random());
        Assert.Null(codec.Open(" " + token));
        Assert.Null(codec.Open(token + "\n"));
        Assert.Null(codec.Open(token + "="));
    }

    [Fact]
    public void A_token_of_another_master_key_is_no_token()
    {
        var other = new TokenCodec(new MasterKey(Bytes(MasterKey.Bytes)), source);
        Assert.Null(other.Open(codec.Seal(Random())));
    }

    [Fact]
    public void Bytes_sealed_by_the_token_key_for_another_purpose_are_no_token()
    {
        var key = Bytes(MasterKey.Bytes);
        var master = new MasterKey(key);
        var foreign = Sealing.Seal(master.Derive("tokens"), new byte[80], "something else"u8, source);
        Assert.Null(new TokenCodec(master, source).Open(System.Buffers.Text.Base64Url.EncodeToString(foreign)));
    }

    private byte[] Bytes(int count) => ((IRandomness)source).Bytes(count);

    private string Hex(int digits) => Convert.ToHexStringLower(Bytes(digits / 2));

    private TokenPayload Random()
    {
        var scope = (ScopeKind)source.Below(4);
        var scopeId = scope switch
        {
            ScopeKind.Project => Hex(32),
            ScopeKind.Domain => source.Below(2) == 0 ? "default" : Hex(32),
            ScopeKind.System => "all",
            _ => null,
        };
        return new TokenPayload(
            source.Below(2) == 0 ? Hex(32) : Hex(64),
            scope,
            scopeId,
            (AuthMethods)source.Below(64),
            BitConverter.ToInt64(Bytes(8)),
            BitConverter.ToInt64(Bytes(8)),
            Bytes(16),
            source.Below(2) == 0 ? null : Bytes(16),
            source.Below(3) == 0 ? Hex(32) : null);
    }

    private static string Words(TokenPayload token) => string.Create(
        CultureInfo.InvariantCulture,
        $"{token.UserId} {token.Scope} {token.ScopeId ?? "-"} {token.Methods} {token.IssuedAt} {token.ExpiresAt} "
        + $"{Convert.ToHexString(token.AuditId)} {(token.ParentAuditId is null ? "-" : Convert.ToHexString(token.ParentAuditId))} {token.ApplicationCredentialId ?? "-"}");
}
