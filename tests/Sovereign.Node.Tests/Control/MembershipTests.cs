using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Node.Machine;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Node.Tests.Control;

/// <summary>Who joins, who leaves, and who is fenced.</summary>
public sealed class MembershipTests : IDisposable
{
    private static readonly NodeFacts facts = new("alone", "192.0.2.1", 2, 4096, 100, "tcg", "simulated", 7_002_022, "198.18.0.0/24");
    private readonly FakeAuthority authority = new();

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => authority.Dispose();

    [Fact]
    public void A_token_is_read_back_and_nothing_else_is_one()
    {
        var token = new JoinToken(new string('a', 64), new string('b', 64));
        Assert.Equal(token, JoinToken.Parse(token.Text + "\n"));
        foreach (var wrong in new[] { "", "sovereign1", token.Text[..^1], token.Text.Replace('a', 'G'), "sovereign2" + token.Text[10..], token.Text + ".x" })
            Assert.Null(JoinToken.Parse(wrong));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_token_is_for_one_key_and_the_same_key_may_ask_again(string engine)
    {
        await using var cloud = await Cloud(engine);
        var secret = JoinToken.Parse((await cloud.Hub.Members.Invite(5, Stop)).Value.Token)!.Secret;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = JoinClient.Request(key, "second");
        var joined = await cloud.Hub.Members.Join(new JoinRequest(secret, "second", request), Stop);
        var again = await cloud.Hub.Members.Join(new JoinRequest(secret, "second", request), Stop);
        Assert.Equal(joined.Value.Node, again.Value.Node);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.IsType<Fault.Unauthorized>((await cloud.Hub.Members.Join(new JoinRequest(secret, "third", JoinClient.Request(other, "third")), Stop)).Fault);
        using var certificate = X509Certificate2.CreateFromPem(again.Value.Certificate);
        Assert.Equal(joined.Value.Node, cloud.Hub.Members.Of(certificate)?.Id);
        Assert.Equal("invited", Assert.Single(cloud.Hub.View()).State);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Unknown_tokens_odd_names_broken_requests_and_names_that_are_taken_are_refused(string engine)
    {
        await using var cloud = await Cloud(engine);
        await cloud.Hub.Hello(facts, Stop);
        var secret = JoinToken.Parse((await cloud.Hub.Members.Invite(5, Stop)).Value.Token)!.Secret;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = JoinClient.Request(key, "n");
        Assert.IsType<Fault.Unauthorized>((await cloud.Hub.Members.Join(new JoinRequest(new string('0', 64), "n", request), Stop)).Fault);
        Assert.IsType<Fault.Invalid>((await cloud.Hub.Members.Join(new JoinRequest(secret, "a b;c", request), Stop)).Fault);
        Assert.IsType<Fault.Invalid>((await cloud.Hub.Members.Join(new JoinRequest(secret, "n", "no request"), Stop)).Fault);
        Assert.IsType<Fault.Conflict>((await cloud.Hub.Members.Join(new JoinRequest(secret, facts.HostName, request), Stop)).Fault);
        Assert.True((await cloud.Hub.Members.Join(new JoinRequest(secret, "n", request), Stop)).Ok);
        Assert.IsType<Fault.Invalid>((await cloud.Hub.Members.Invite(0, Stop)).Fault);
        await Assert.ThrowsAsync<NodeException>(() => cloud.Hub.Hello(facts with { HostName = "n" }, Stop));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Both_certificates_hold_until_the_new_one_is_used(string engine)
    {
        await using var cloud = await Cloud(engine);
        var (id, first, key) = await Join(cloud, "second");
        using var kept = key;
        var member = cloud.Hub.Members.Of(first)!;
        var renewed = await cloud.Hub.Members.Renew(member, new RenewRequest(JoinClient.Request(key, "second")), Stop);
        using var second = X509Certificate2.CreateFromPem(renewed.Value.Certificate);
        Assert.Equal(id, cloud.Hub.Members.Of(first)?.Id);
        Assert.Equal(id, cloud.Hub.Members.Of(second)?.Id);
        await cloud.Hub.Members.Used(cloud.Hub.Members.Of(second)!, second, Stop);
        Assert.Null(cloud.Hub.Members.Of(first));
        Assert.Equal(id, cloud.Hub.Members.Of(second)?.Id);
        first.Dispose();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Only_a_positive_answer_fences_a_silent_node_and_its_hello_ends_it(string engine)
    {
        using var home = new TestHome(engine);
        string id;
        await using (var before = await Life(home))
        {
            id = (await before.Hub.Hello(facts, Stop)).Node;
            Assert.IsType<Fault.Conflict>((await before.Hub.Fence(facts.HostName, confirmed: true, Stop)).Fault);   // it is up
        }

        await using var cloud = await Life(home);
        var told = new List<string>();
        cloud.Hub.OnFence((_, node) => told.Add(node.Id));
        Assert.IsType<Fault.NotFound>((await cloud.Hub.Fence("nobody", confirmed: true, Stop)).Fault);
        Assert.IsType<Fault.Conflict>((await cloud.Hub.Fence(facts.HostName, confirmed: false, Stop)).Fault);
        cloud.Hub.Fencing = new CommandFencing("/bin/false", TimeProvider.System);
        Assert.IsType<Fault.Conflict>((await cloud.Hub.Fence(facts.HostName, confirmed: false, Stop)).Fault);
        Assert.False(cloud.Kernel.Database.Read(session => cloud.Hub.Fenced(session, id)));
        cloud.Hub.Fencing = new CommandFencing("/bin/true", TimeProvider.System);
        Assert.True((await cloud.Hub.Fence(facts.HostName, confirmed: false, Stop)).Ok);
        Assert.Equal([id], told);
        Assert.True(cloud.Kernel.Database.Read(session => cloud.Hub.Fenced(session, id)));
        Assert.Equal("fenced", Assert.Single(cloud.Hub.View()).State);
        await Assert.ThrowsAsync<NodeException>(() => cloud.Hub.NextManifest(id, "", 0, Stop));
        await cloud.Hub.Hello(facts, Stop);
        Assert.False(cloud.Kernel.Database.Read(session => cloud.Hub.Fenced(session, id)));
        Assert.NotNull(await cloud.Hub.NextManifest(id, "", 0, Stop));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_node_that_is_taken_out_is_nobody_and_one_that_something_needs_stays(string engine)
    {
        await using var cloud = await Cloud(engine);
        var (id, certificate, key) = await Join(cloud, "second");
        key.Dispose();
        Assert.IsType<Fault.NotFound>((await cloud.Hub.Remove("nobody", Stop)).Fault);
        await cloud.Hub.Hello(facts, Stop);
        Assert.IsType<Fault.Conflict>((await cloud.Hub.Remove(facts.HostName, Stop)).Fault);
        Assert.True((await cloud.Hub.Remove("second", Stop)).Ok);
        Assert.Null(cloud.Hub.Members.Of(certificate));
        Assert.DoesNotContain(cloud.Hub.View(), node => node.Id == id);
        certificate.Dispose();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_disk_under_way_is_for_the_node_alone_that_makes_a_domain_of_it(string engine)
    {
        await using var cloud = await Cloud(engine);
        var here = (await cloud.Hub.Hello(facts, Stop)).Node;
        var there = (await cloud.Hub.Hello(facts with { HostName = "other" }, Stop)).Node;
        var domain = Agent.RealCloud.Domain("digest", "raw", 1, []) with { Carried = [new CarriedDiskSpec("move", "disk", "digest", 1)] };
        await cloud.Kernel.Queue.Write<Done>(
            "test",
            Origin.System,
            tx =>
            {
                cloud.Hub.Put(tx, here, new ManifestItem(ItemKinds.Domain, domain.Id, 0) { Domain = domain });
                cloud.Hub.Put(tx, there, new ManifestItem(ItemKinds.Domain, domain.Id, 0) { Domain = domain with { Carried = null } });
                return Done.Value;
            },
            Stop);
        Assert.True(cloud.Hub.Awaits(here, "move"));
        Assert.False(cloud.Hub.Awaits(here, "another"));
        Assert.False(cloud.Hub.Awaits(there, "move"));
    }

    private async Task<(string Id, X509Certificate2 Certificate, ECDsa Key)> Join(NodeCloud cloud, string name)
    {
        var secret = JoinToken.Parse((await cloud.Hub.Members.Invite(5, Stop)).Value.Token)!.Secret;
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var joined = await cloud.Hub.Members.Join(new JoinRequest(secret, name, JoinClient.Request(key, name)), Stop);
        return (joined.Value.Node, X509Certificate2.CreateFromPem(joined.Value.Certificate), key);
    }

    private async Task<NodeCloud> Cloud(string engine)
    {
        NodeModule? module = null;
        var cloud = await TestCloud.Start(kernel => [module = new NodeModule(kernel)], null, engine);
        return With(cloud, module!);
    }

    private async Task<NodeCloud> Life(TestHome home)
    {
        NodeModule? module = null;
        var cloud = await TestCloud.Live(home, new NoCrashPoints(), kernel => [module = new NodeModule(kernel)]);
        return With(cloud, module!);
    }

    private NodeCloud With(TestCloud cloud, NodeModule module)
    {
        module.Hub.Authority = authority;
        return new NodeCloud(cloud, module.Hub);
    }

    private sealed record NodeCloud(TestCloud Cloud, NodeHub Hub) : IAsyncDisposable
    {
        public KernelServices Kernel => Cloud.Kernel;

        public ValueTask DisposeAsync() => Cloud.DisposeAsync();
    }

    /// <summary>A CA of one test.</summary>
    private sealed class FakeAuthority : INodeAuthority, IDisposable
    {
        private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 own;
        private byte serial;

        public FakeAuthority()
        {
            var request = new CertificateRequest("CN=Test CA", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            own = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddDays(2));
        }

        public string Certificate => own.ExportCertificatePem();

        public Outcome<IssuedCertificate> Issue(string certificateRequest, string nodeId)
        {
            try
            {
                var asked = CertificateRequest.LoadSigningRequestPem(certificateRequest, HashAlgorithmName.SHA256);
                var request = new CertificateRequest(new X500DistinguishedName("CN=" + nodeId), asked.PublicKey, HashAlgorithmName.SHA256);
                var now = TimeProvider.System.GetUtcNow();
                using var made = request.Create(own, now.AddMinutes(-1), now.AddDays(1), [1, ++serial]);
                return new IssuedCertificate(made.ExportCertificatePem(), made.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant(), Micros.Of(now.AddDays(1)));
            }
            catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
            {
                return new Fault.Invalid("certificate_request", wrong.Message);
            }
        }

        public void Dispose()
        {
            own.Dispose();
            key.Dispose();
        }
    }
}
