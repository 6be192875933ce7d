using Sovereign.Launcher;
using Sovereign.Node.Volumes;
using Xunit;

namespace Sovereign.Tests.Launcher;

public class CloudOptionsTests
{
    [Fact]
    public void Nothing_set_gives_a_cloud_on_loopback()
    {
        var (options, faults) = CloudOptions.From(WrittenSettings.None);
        Assert.Empty(faults);
        Assert.Equal(("/var/lib/sovereign", "127.0.0.1:8443", "https://127.0.0.1:8443", "RegionOne"),
            (options!.Data, options.Listen.ToString(), options.PublicUrl, options.Region));
    }

    [Fact]
    public void All_faults_are_reported_at_once_with_their_settings()
    {
        var settings = WrittenSettings.Parse("cloud.yaml",
            "listen: nowhere\nregion: 'a b'\npublic_url: ftp://x\nexternal_cidr: 10.0.0.1/24\ndata: relative\nwhat: 1\n");
        var (options, faults) = CloudOptions.From(settings);
        Assert.Null(options);
        string[] named = ["cloud.yaml: what:", "data:", "listen:", "public_url:", "region:", "external_cidr:"];
        Assert.Equal(named.Length, faults.Count);
        Assert.All(named.Zip(faults), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void A_pool_for_volumes_is_told_with_the_usual_user_and_files()
    {
        var (options, faults) = CloudOptions.From(WrittenSettings.None.With("ceph_pool", "volumes"));
        Assert.Empty(faults);
        Assert.Equal(new RbdOptions("ceph", "volumes", "sovereign", "/etc/ceph/ceph.conf", "/etc/ceph/ceph.client.sovereign.keyring"), options!.Ceph);
        Assert.Null(CloudOptions.From(WrittenSettings.None).Options!.Ceph);
    }

    [Theory]
    [InlineData("ceph_user", "volumes", "ceph_pool: must be set")]
    [InlineData("ceph_pool", "a:b", "ceph_pool: 'a:b' may have only")]
    [InlineData("ceph_conf", "relative", "ceph_pool: must be set")]
    public void A_pool_that_can_not_be_meant_is_refused(string setting, string value, string reason) =>
        Assert.StartsWith(reason, Assert.Single(CloudOptions.From(WrittenSettings.None.With(setting, value)).Faults), StringComparison.Ordinal);

    [Theory]
    [InlineData("0.0.0.0:8443")]
    [InlineData("[::]:8443")]
    public void All_interfaces_without_a_public_url_are_refused_with_the_reason(string listen)
        => Assert.Contains(CloudOptions.From(WrittenSettings.None.With("listen", listen)).Faults,
            fault => fault.StartsWith("public_url: must be set", StringComparison.Ordinal));

    [Fact]
    public void All_interfaces_with_a_public_url_are_reached_by_loopback_from_here()
    {
        var (options, _) = CloudOptions.From(WrittenSettings.None.With("listen", "0.0.0.0:8443").With("public_url", "https://cloud.example.org/"));
        Assert.Equal(("https://cloud.example.org", "https://127.0.0.1:8443/"), (options!.PublicUrl, options.LocalUrl.ToString()));
    }

    [Theory]
    [InlineData("/var/lib/with space")]
    [InlineData("/var/lib/a,b")]
    [InlineData("/var/lib/$(id)")]
    [InlineData("/")]
    [InlineData("/var/lib/0123456789/0123456789/0123456789/x")]
    public void A_data_directory_that_would_break_sockets_or_options_is_refused(string data)
        => Assert.Contains(CloudOptions.From(WrittenSettings.None.With("data", data)).Faults,
            fault => fault.StartsWith("data: ", StringComparison.Ordinal));

    [Theory]
    [InlineData("Host=/run/postgresql;Database=cloud;Password=secret", "Passfile")]
    [InlineData("Database=cloud", "Host and Database")]
    [InlineData("Hoost=x", "connection string")]
    public void A_database_that_can_not_be_used_is_refused_with_the_way_out(string database, string wayOut)
    {
        var fault = Assert.Single(CloudOptions.From(WrittenSettings.None.With("database", database)).Faults);
        Assert.StartsWith("database: ", fault, StringComparison.Ordinal);
        Assert.Contains(wayOut, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void What_up_writes_reads_back_as_the_same_options()
    {
        var (options, _) = CloudOptions.From(WrittenSettings.Parse("f", """
            data: /srv/cloud
            listen: "[::]:9443"
            public_url: https://c.example.org:9443
            region: R-1
            external_cidr: 203.0.113.0/24
            database: Host=/run/postgresql;Database='it''s'
            enforce_scope: false
            password_regex: ^.*[0-9].{7,}$
            password_expires_days: 90
            """));
        var written = WrittenSettings.Parse("config.yaml", WrittenSettings.Write(options!));
        var (again, faults) = CloudOptions.From(WrittenSettings.None.With("data", "/srv/cloud").Over(written));
        Assert.Empty(faults);
        Assert.Equal(options! with { Decided = again!.Decided }, again);
        Assert.Equal(WrittenSettings.Write(options), WrittenSettings.Write(again));
    }

    [Fact]
    public void What_imports_may_do_is_read_back_as_it_was_written()
    {
        var (options, faults) = CloudOptions.From(WrittenSettings.Parse(
            "f", "data: /srv/cloud\nimage_import_from: 10.20.0.0/16, fd00::/8\nimage_import_directory: /srv/it's\nimage_format: qcow2\n"));
        Assert.Empty(faults);
        Assert.Equal(("10.20.0.0/16 fd00::/8", "/srv/it's", "qcow2"), (
            string.Join(' ', options!.ImageImport!.PrivateNetworks), options.ImageImport.Directory, options.ImageImport.Format));
        var written = WrittenSettings.Write(options);
        var (again, _) = CloudOptions.From(WrittenSettings.None.With("data", "/srv/cloud").Over(WrittenSettings.Parse("g", written)));
        Assert.Equal(written, WrittenSettings.Write(again!));
        Assert.Null(CloudOptions.From(WrittenSettings.None).Options!.ImageImport);
    }

    [Fact]
    public void Dns_names_of_networks_can_be_switched_off_and_stay_so()
    {
        var (options, _) = CloudOptions.From(WrittenSettings.Parse("f", "data: /srv/cloud\nnetwork_dns: false\n"));
        Assert.False(options!.Network.DnsNames);
        var written = WrittenSettings.Parse("g", WrittenSettings.Write(options));
        Assert.False(CloudOptions.From(WrittenSettings.None.With("data", "/srv/cloud").Over(written)).Options!.Network.DnsNames);
        Assert.True(CloudOptions.From(WrittenSettings.None).Options!.Network.DnsNames);
    }

    [Theory]
    [InlineData("network_dns: maybe")]
    [InlineData("image_import_from: 10.20.0.1/16")]
    [InlineData("image_import_from: somewhere")]
    [InlineData("image_import_directory: images")]
    [InlineData("image_format: vmdk")]
    public void Settings_that_can_not_be_used_are_refused(string line) => Assert.StartsWith(
        line.Split(':')[0], Assert.Single(CloudOptions.From(WrittenSettings.Parse("f", line)).Faults), StringComparison.Ordinal);

    [Theory]
    [InlineData("password_regex: '('")]
    [InlineData("unique_last_password_count: many")]
    [InlineData("password_expires_days: -1")]
    [InlineData("lockout_duration: 9999999999")]
    [InlineData("change_password_upon_first_use: perhaps")]
    [InlineData("enforce_scope: 1")]
    [InlineData("cpu_allocation_ratio: 0.5")]
    [InlineData("ram_allocation_ratio: much")]
    [InlineData("reserved_host_memory_mb: -1")]
    public void Values_that_can_not_be_used_are_refused(string line) => Assert.StartsWith(
        line.Split(':')[0], Assert.Single(CloudOptions.From(WrittenSettings.Parse("f", line)).Faults), StringComparison.Ordinal);

    [Fact]
    public void Rules_of_passwords_reach_the_identity_service()
    {
        var (options, faults) = CloudOptions.From(WrittenSettings.Parse(
            "f", "unique_last_password_count: 3\npassword_expires_days: 90\nminimum_password_age: 1\nlockout_failure_attempts: 5\nlockout_duration: 60\n"));
        Assert.Empty(faults);
        var rules = options!.Identity.Rules;
        Assert.True(options.Identity.EnforceScope);
        Assert.Equal((3, TimeSpan.FromDays(90), TimeSpan.FromDays(1), 5, TimeSpan.FromMinutes(1), false),
            (rules.UniqueLastCount, rules.ExpiresAfter, rules.MinimumAge, rules.LockoutAttempts, rules.LockoutDuration, rules.ChangeUponFirstUse));
    }

    [Theory]
    [InlineData("- a\n")]
    [InlineData("a: [\n")]
    [InlineData("listen: {a: b}\n")]
    public void A_file_that_is_no_mapping_of_texts_is_a_fault(string text) => Assert.Single(WrittenSettings.Parse("f", text).Faults);
}
