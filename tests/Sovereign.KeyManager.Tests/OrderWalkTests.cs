using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.KeyManager.Tests;

/// <summary>The life of two orders and of what they made, the process killed at each commit; the client asks again.</summary>
public sealed class OrderWalkTests(ITestOutputHelper output)
{
    private const int TriesMax = 400;

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_crash_at_every_point_of_an_order_s_life_makes_its_key_once_and_leaves_nothing_behind(string engine)
    {
        var straight = await Life.Walk(engine, 0);
        Assert.True(straight > 15, $"Only {straight} points: the walk does not walk.");
        for (var point = 1; point <= straight; point++) await Life.Walk(engine, point);
        output.WriteLine($"On {engine}: {straight} points crossed.");
    }

    private sealed class Life(TestHome home, MortalPoints points) : IAsyncDisposable
    {
        private TestCloud? cloud;

        public static async Task<int> Walk(string engine, int point)
        {
            using var home = new TestHome(engine);
            var points = new MortalPoints(point);
            await using var life = new Life(home, points);
            await life.Boot();
            points.Count(true);
            await life.Ordered("key", "aes", 128, "secret_ref", secrets: 1, containers: 0);
            await life.Ordered("asymmetric", "rsa", 1024, "container_ref", secrets: 3, containers: 1);
            foreach (var collection in new[] { "orders", "containers", "secrets" }) await life.Emptied(collection);
            points.Count(false);
            await life.Until("rest", async () => (await life.Get("/secrets")).Status == 200 && life.Rows("due") == 0);
            foreach (var table in new[] { "key_secrets", "key_containers", "key_container_secrets", "key_orders" }) Assert.Equal(0, life.Rows(table));
            Assert.Empty(life.cloud!.Kernel.Quotas.Verify());
            Assert.Empty(life.cloud.Kernel.Journal.Verify());
            return points.Crossed.Count;
        }

        public async ValueTask DisposeAsync()
        {
            if (cloud is not null) await cloud.DisposeAsync();
        }

        /// <summary>Orders once, waits until it is made, and counts what there is in all.</summary>
        private async Task Ordered(string type, string algorithm, int bits, string made, int secrets, int containers)
        {
            var body = $"{{\"type\":\"{type}\",\"meta\":{{\"algorithm\":\"{algorithm}\",\"bit_length\":{bits}}}}}";
            await Until($"an order of {type}", async () =>
            {
                var order = (await Get("/orders")).Json["orders"]!.AsArray().FirstOrDefault(one => (string)one!["type"]! == type);
                if (order is null) await Send("POST", "/orders", body);
                return (string?)order?["status"] == "ACTIVE" && order![made] is not null;
            });
            Assert.Equal(secrets, (int)(await Get("/secrets")).Json["total"]!);
            Assert.Equal(containers, (int)(await Get("/containers")).Json["total"]!);
        }

        private Task Emptied(string collection) => Until($"no {collection}", async () =>
        {
            var shown = (await Get("/" + collection)).Json[collection]!.AsArray();
            foreach (var one in shown) await Send("DELETE", KeyWorld.Path((string)one![collection[..^1] + "_ref"]!));
            return shown.Count == 0;
        });

        private async Task Until(string what, Func<Task<bool>> holds)
        {
            for (var tries = 0; tries < TriesMax; tries++)
            {
                if (points.Dead) await Boot();
                if (await holds()) return;
                await Task.Delay(10);
            }

            throw new TimeoutException($"{what}: this did not come true.");
        }

        private async Task<TestReply> Get(string path) => await Send("GET", path) ?? await Get(path);

        /// <summary>Null: the process died, so the outcome is unknown; it is started again.</summary>
        private async Task<TestReply?> Send(string method, string path, string? body = null)
        {
            TestReply? reply = null;
            try
            {
                if (!points.Dead) reply = await cloud!.Send(method, "/key-manager/v1" + path, "member-a", body);
            }
            catch (HttpRequestException) when (points.Dead)
            {
                // The connection broke with the process.
            }

            if (points.Dead)
            {
                await Boot();
                return null;
            }

            Assert.True(reply is { Status: < 500 }, $"{method} {path} gave {reply?.Status}: {reply?.Text}");
            return reply;
        }

        private async Task Boot()
        {
            if (cloud is not null) await cloud.DisposeAsync();
            points.Revive();
            cloud = await TestCloud.Live(home, points, kernel => [new KeyManagerModule(kernel)]);
        }

        private long Rows(string table) => cloud!.Kernel.Database.Read(session => session.Scalar<long>($"SELECT COUNT(*) FROM {table}"));
    }
}
