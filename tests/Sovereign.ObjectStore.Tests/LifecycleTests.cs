using System.Text;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.ObjectStore.Tests;

/// <summary>What ends by itself, when the days have passed: rows are made older, then the work that comes by every ten minutes runs.</summary>
public sealed class LifecycleTests
{
    private const long Day = 24 * 60 * 60 * Micros.PerSecond;

    [Fact]
    public async Task Objects_versions_markers_and_uploads_end_by_their_rules_and_nothing_else()
    {
        ObjectStoreModule? module = null;
        await using var cloud = await TestCloud.Start(kernel => [module = new ObjectStoreModule(kernel)]);
        await Ok(cloud, "PUT", "/bucket");
        await Ok(cloud, "PUT", "/bucket?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
        foreach (var key in (string[])["log/old", "keep/old"]) await Ok(cloud, "PUT", "/bucket/" + key, "v1");
        await Ok(cloud, "PUT", "/bucket/keep/old", "v2");
        await Ok(cloud, "POST", "/bucket/upload?uploads");
        await Ok(cloud, "PUT", "/bucket?lifecycle",
            """
            <LifecycleConfiguration>
              <Rule><ID>logs</ID><Status>Enabled</Status><Filter><Prefix>log/</Prefix></Filter><Expiration><Days>2</Days></Expiration></Rule>
              <Rule><ID>versions</ID><Status>Enabled</Status><Filter><Prefix/></Filter>
                <NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>
                <Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>
                <AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>
              <Rule><ID>off</ID><Status>Disabled</Status><Filter><Prefix/></Filter><Expiration><Days>1</Days></Expiration></Rule>
            </LifecycleConfiguration>
            """);
        await Work(module!);
        Assert.Equal(["keep/old", "keep/old", "log/old"], Names(cloud));
        await Age(cloud, 4);
        await Ok(cloud, "PUT", "/bucket/log/new", "v1");
        await Work(module!);
        // The old log is behind a marker now; the old version of what is kept is gone.
        Assert.Equal(["keep/old", "log/new", "log/old", "log/old"], Names(cloud));
        Assert.DoesNotContain("<Upload>", (await cloud.S3("GET", "/bucket?uploads")).Text, StringComparison.Ordinal);
        await Age(cloud, 4);
        await Ok(cloud, "PUT", "/bucket/log/new", "v2");
        await Work(module!);
        await Work(module!);
        Assert.Equal(["keep/old", "log/new", "log/new"], Names(cloud));
        Assert.Empty(cloud.Kernel.Quotas.Verify());
        Assert.Empty(module!.Verify());
    }

    private static async Task Ok(TestCloud cloud, string method, string path, string body = "")
    {
        var reply = await cloud.S3(method, path, Encoding.UTF8.GetBytes(body));
        Assert.True(reply.Status < 300, $"{method} {path}: {reply.Status} {reply.Text}");
    }

    private static async Task Work(ObjectStoreModule module)
    {
        foreach (var periodic in module.Periodics) await periodic.Run(CancellationToken.None);
    }

    private static async Task Age(TestCloud cloud, int days) => await cloud.Kernel.Queue.Write<Done>("test.age", Origin.System, tx =>
    {
        tx.Execute("UPDATE objects SET modified_at = modified_at - @age", new { age = days * Day });
        tx.Execute("UPDATE uploads SET begun_at = begun_at - @age", new { age = days * Day });
        return Done.Value;
    });

    private static List<string> Names(TestCloud cloud) => cloud.Kernel.Database.Read(session => session.Query<string>("SELECT name FROM objects ORDER BY name"));
}
