using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

public sealed class PasswordRuleTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_password_matches_the_pattern_and_none_of_the_last_ones(string engine)
    {
        await using var clouds = await Clouds.Start(engine, new() { Regex = "^.{3,}$", RegexDescription = "three letters", UniqueLastCount = 2 });
        var short_ = await clouds.Send("POST", "/users", clouds.Admin, new { user = new { name = "u", password = "pw" } });
        Assert.Equal(400, short_.Status);
        Assert.Contains("three letters", short_.Text, StringComparison.Ordinal);
        var user = await clouds.MadeId("/users", "user", new { name = "u", password = "first" });
        Assert.Equal(400, await Change(clouds, user, "first", "no"));
        Assert.Equal(400, await Change(clouds, user, "first", "first"));
        Assert.Equal(204, await Change(clouds, user, "first", "second"));
        Assert.Equal(400, await Change(clouds, user, "second", "first"));
        Assert.Equal(204, await Change(clouds, user, "second", "third"));
        Assert.Equal(204, await Change(clouds, user, "third", "first"));
        Assert.Equal(200, (await clouds.Send("PATCH", "/users/" + user, clouds.Admin, new { user = new { password = "first" } })).Status);
        var compliance = (await clouds.Send("GET", "/domains/default/config/security_compliance", clouds.Demo)).Json["config"]!["security_compliance"]!;
        Assert.Equal("^.{3,}$", (string)compliance["password_regex"]!);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Who_guesses_is_locked_out_and_who_is_exempt_is_not(string engine)
    {
        await using var clouds = await Clouds.Start(engine, new() { LockoutAttempts = 3, LockoutDuration = TimeSpan.FromSeconds(2) });
        await clouds.MadeId("/users", "user", new { name = "u", password = "right" });
        await clouds.MadeId("/users", "user", new { name = "v", password = "right", options = new { ignore_lockout_failure_attempts = true } });
        foreach (var name in new[] { "u", "v" })
        {
            for (var i = 0; i < 3; i++) Assert.Equal(401, (await clouds.Authenticate(Clouds.Password(name, "wrong", null))).Status);
        }

        Assert.Equal(401, (await clouds.Authenticate(Clouds.Password("u", "right", null))).Status);
        Assert.Equal(201, (await clouds.Authenticate(Clouds.Password("v", "right", null))).Status);
        await Task.Delay(TimeSpan.FromSeconds(2.2), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal(201, (await clouds.Authenticate(Clouds.Password("u", "right", null))).Status);
        Assert.Equal(401, (await clouds.Authenticate(Clouds.Password("u", "wrong", null))).Status);
        Assert.Equal(201, (await clouds.Authenticate(Clouds.Password("u", "right", null))).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_password_given_by_another_is_changed_first_and_expires_later(string engine)
    {
        await using var clouds = await Clouds.Start(engine, new()
        {
            ChangeUponFirstUse = true, ExpiresAfter = TimeSpan.FromDays(90),
            MinimumAge = TimeSpan.FromDays(1)
        });
        var user = await clouds.MadeId("/users", "user", new { name = "u", password = "first" });
        var free = await clouds.MadeId("/users", "user", new
        {
            name = "v", password = "first",
            options = new { ignore_change_password_upon_first_use = true, ignore_password_expiry = true }
        });
        var refused = await clouds.Authenticate(Clouds.Password("u", "first", null));
        Assert.Equal(401, refused.Status);
        Assert.Contains("expired", refused.Text, StringComparison.Ordinal);
        Assert.Equal(201, (await clouds.Authenticate(Clouds.Password("v", "first", null))).Status);
        Assert.Equal(204, await Change(clouds, user, "first", "second"));
        var issued = await clouds.Authenticate(Clouds.Password("u", "second", null));
        Assert.Equal(201, issued.Status);
        var expires = (string)issued.Json["token"]!["user"]!["password_expires_at"]!;
        Assert.Equal(expires, (string)(await clouds.Send("GET", "/users/" + user, clouds.Admin)).Json["user"]!["password_expires_at"]!);
        Assert.Null((string?)(await clouds.Send("GET", "/users/" + free, clouds.Admin)).Json["user"]!["password_expires_at"]);
        Assert.Equal(400, await Change(clouds, user, "second", "third"));
        Assert.Contains(user, (await clouds.Send("GET", $"/users?password_expires_at=gt:{Days(89)}", clouds.Admin)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(user, (await clouds.Send("GET", $"/users?password_expires_at=lt:{Days(89)}", clouds.Admin)).Text, StringComparison.Ordinal);
        Assert.Equal(400, (await clouds.Send("GET", "/users?password_expires_at=gt:soon", clouds.Admin)).Status);
        Assert.Equal(200, (await clouds.Send("PATCH", "/users/" + user, clouds.Admin, new
        {
            user = new
            {
                options = new
                {
                    lock_password = true,
                    ignore_password_expiry = true
                }
            }
        })).Status);
        Assert.Equal(403, await Change(clouds, user, "second", "third"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Two_factors_are_asked_for_one_after_the_other(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var options = new { multi_factor_auth_enabled = true, multi_factor_auth_rules = new[] { new[] { "password", "totp" } } };
        var user = await clouds.MadeId("/users", "user", new { name = "u", password = "pw", options });
        Assert.Equal(201, (await clouds.Send("POST", "/credentials", clouds.Admin, new
        {
            credential = new
            {
                user_id = user, type = "totp",
                blob = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
            }
        })).Status);
        var first = await clouds.Authenticate(Clouds.Password("u", "pw", null));
        Assert.Equal(401, first.Status);
        Assert.Equal("[[\"password\",\"totp\"]]", first.Json["required_auth_methods"]!.ToJsonString());
        Assert.Equal("password", (string)first.Json["receipt"]!["methods"]![0]!);
        var receipt = first.Headers["Openstack-Auth-Receipt"];
        Assert.Equal(401, (await clouds.Validate(receipt)).Status);
        Assert.Equal(401, (await Second("000000", receipt)).Status);
        Assert.Equal(401, (await Second(Passcode(), "forged")).Status);
        var second = await Second(Passcode(), receipt);
        Assert.True(second.Status == 201, second.Text);
        Assert.Equal(["password", "totp"], second.Json["token"]!["methods"]!.AsArray().Select(method => (string)method!));
        Assert.Equal(400, (await clouds.Send("PATCH", "/users/" + user, clouds.Admin,
            new { user = new { options = new { multi_factor_auth_rules = "x" } } })).Status);
        Assert.Equal(400, (await clouds.Send("PATCH", "/users/" + user, clouds.Admin, new { user = new { options = new { unknown = true } } })).Status);

        Task<TestReply> Second(string passcode, string given) => clouds.Cloud.Send(
            "POST", "/identity/v3/auth/tokens", null,
            new { auth = new { identity = new { methods = new[] { "totp" }, totp = new { user = new { id = user, passcode } } } } },
                ("Openstack-Auth-Receipt", given));
    }

    private static async Task<int> Change(Clouds clouds, string user, string original, string password) => (await clouds.Cloud.Send(
        "POST", $"/identity/v3/users/{user}/password", null, new { user = new { original_password = original, password } })).Status;

    private static string Days(int days) => TimeProvider.System.GetUtcNow().AddDays(days).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>RFC 6238 with the seed of its examples.</summary>
    private static string Passcode()
    {
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30);
#pragma warning disable CA5350 // The algorithm under test.
        var hash = HMACSHA1.HashData("12345678901234567890"u8, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 15)) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }
}
