using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>The cloud's certificate authority as far as nodes need it.</summary>
public interface INodeAuthority
{
    /// <summary>The CA's certificate in PEM.</summary>
    string Certificate { get; }

    /// <summary>Makes a client's certificate for the public key of a request; nothing else of the request counts.</summary>
    Outcome<IssuedCertificate> Issue(string certificateRequest, string nodeId);
}

/// <summary>A node's certificate as it was made.</summary>
/// <param name="Digest">SHA-256 of the certificate, 64 hex digits: what the node is known by.</param>
/// <param name="EndsAt">Microseconds UTC.</param>
public sealed record IssuedCertificate(string Pem, string Digest, long EndsAt);

/// <summary>Machines that joined: invitations, and who a certificate belongs to.</summary>
internal sealed partial class NodeMembers(KernelServices kernel)
{
    public const int TokenMinutesDefault = 60;
    public const int TokenMinutesMax = 7 * 24 * 60;
    private const int SecretBytes = 32;
    private readonly ConcurrentDictionary<string, MemberRow> byCertificate = new(StringComparer.Ordinal);

    /// <summary>Set when the house is put together; without it nobody can join.</summary>
    public INodeAuthority? Authority { get; set; }

    /// <summary>Reads the certificates into memory; also after each change, since every call of a node asks.</summary>
    public void Load()
    {
        var rows = All();
        var known = rows.SelectMany(row => new[] { row.Certificate, row.NextCertificate }.Where(digest => digest.Length > 0).Select(digest => (digest, row))).ToList();
        foreach (var (digest, row) in known) byCertificate[digest] = row;
        foreach (var digest in byCertificate.Keys.Except(known.Select(pair => pair.digest)).ToList()) byCertificate.TryRemove(digest, out _);
    }

    public List<MemberRow> All() => kernel.Database.Read(session => session.Query<MemberRow>("SELECT * FROM node_members ORDER BY host_name"));

    public bool Has(string nodeId) => byCertificate.Values.Any(row => row.Id == nodeId);

    /// <summary>The node that a client's certificate was made for; null when it is of no node, or ended. The handshake proved that the caller has its key.</summary>
    public MemberRow? Of(X509Certificate2? certificate)
    {
        if (certificate is null || certificate.NotAfter.ToUniversalTime() < kernel.Clock.GetUtcNow().UtcDateTime) return null;
        return byCertificate.GetValueOrDefault(certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant());
    }

    /// <summary>Makes an invitation for one machine.</summary>
    public async Task<Outcome<TokenView>> Invite(int minutes, CancellationToken stop)
    {
        if (Authority is null) return new Fault.Unavailable("This control plane has no certificate authority.");
        if (minutes is < 1 or > TokenMinutesMax) return new Fault.Invalid("minutes", $"A token holds for 1 to {TokenMinutesMax} minutes.");
        var token = new JoinToken(Fingerprint(Authority.Certificate), Convert.ToHexStringLower(kernel.Randomness.Bytes(SecretBytes)));
        return await kernel.Queue.Write<TokenView>(
            "node.invite",
            Origin.System,
            tx =>
            {
                tx.Execute("DELETE FROM node_tokens WHERE ends_at < @Now", new { tx.Now });
                var ends = tx.Now + (minutes * 60 * Micros.PerSecond);
                tx.Execute(
                    "INSERT INTO node_tokens (hash, created_at, ends_at, used_by, node_id) VALUES (@hash, @Now, @ends, '', '')",
                    new { hash = Hash(token.Secret), tx.Now, ends });
                return new TokenView(token.Text, kernel.Settings.PublicUrl, ends);
            },
            stop);
    }

    /// <summary>Takes a machine in. The same token from the same key again gives the same node: an answer that was lost is asked for again.</summary>
    public async Task<Outcome<JoinAnswer>> Join(JoinRequest asked, CancellationToken stop)
    {
        if (Authority is null) return new Fault.Unavailable("This control plane has no certificate authority.");
        if (!NameForm().IsMatch(asked.Name)) return new Fault.Invalid("name", $"'{asked.Name}' is no host name.");
        var (hash, key) = (Hash(asked.Token), Hash(asked.CertificateRequest));
        var token = kernel.Database.Read(session => session.FirstOrDefault<TokenRow>("SELECT * FROM node_tokens WHERE hash = @hash", new { hash }));
        if (token is null || token.EndsAt < kernel.Clock.Now() || (token.UsedBy.Length > 0 && token.UsedBy != key)) return NoToken;
        var id = token.UsedBy.Length > 0 ? token.NodeId : kernel.Ids.Uuid();
        var issued = Authority.Issue(asked.CertificateRequest, id);
        if (issued.Fault is { } wrong) return wrong;
        return await kernel.Queue.Write<JoinAnswer>(
            "node.join",
            Origin.System,
            tx =>
            {
                var taken = tx.Execute(
                    """
                    UPDATE node_tokens SET used_by = @key, node_id = @id
                    WHERE hash = @hash AND ends_at >= @Now AND (used_by = '' OR (used_by = @key AND node_id = @id))
                    """,
                    new { hash, key, id, tx.Now });
                if (taken == 0) return NoToken;
                if (tx.Scalar<string>(
                    "SELECT id FROM nodes WHERE host_name = @Name UNION SELECT id FROM node_members WHERE host_name = @Name LIMIT 1", new { asked.Name }) is { } other
                    && other != id)
                {
                    return new Fault.Conflict($"There is a node {asked.Name} already. Choose another --name, or remove that one: sovereign node remove {asked.Name}");
                }

                Keep(tx, id, asked.Name, issued.Value);
                tx.Record("node", id, null, Change.Created, new NodeDocument(asked.Name, "joined"), NodeDocumentJson.Default.NodeDocument);
                tx.AfterCommit(Load);
                return new JoinAnswer(id, asked.Name, issued.Value.Pem);
            },
            stop);
    }

    /// <summary>A new certificate for a node; the present one holds until the new one is used.</summary>
    public async Task<Outcome<JoinAnswer>> Renew(MemberRow node, RenewRequest asked, CancellationToken stop)
    {
        if (Authority is null) return new Fault.Unavailable("This control plane has no certificate authority.");
        var issued = Authority.Issue(asked.CertificateRequest, node.Id);
        if (issued.Fault is { } wrong) return wrong;
        return await kernel.Queue.Write<JoinAnswer>(
            "node.renew",
            Origin.System,
            tx =>
            {
                tx.Execute("UPDATE node_members SET next_certificate = @Digest WHERE id = @Id", new { issued.Value.Digest, node.Id });
                tx.AfterCommit(Load);
                return new JoinAnswer(node.Id, node.HostName, issued.Value.Pem);
            },
            stop);
    }

    /// <summary>A node speaks with its new certificate: the old one is worth nothing from here on.</summary>
    public async Task Used(MemberRow node, X509Certificate2 certificate, CancellationToken stop)
    {
        var digest = certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
        if (node.NextCertificate != digest) return;
        var ends = Micros.Of(new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
        await kernel.Queue.Write<Done>(
            "node.renewed",
            Origin.System,
            tx =>
            {
                tx.Execute(
                    "UPDATE node_members SET certificate = next_certificate, next_certificate = '', ends_at = @ends WHERE id = @Id AND next_certificate = @digest",
                    new { node.Id, digest, ends });
                tx.AfterCommit(Load);
                return Done.Value;
            },
            stop);
    }

    public static string Fingerprint(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
    }

    private static readonly Fault NoToken = new Fault.Unauthorized("The token is unknown, used or past its time. Make another one: sovereign node token");

    private static void Keep(Tx tx, string id, string name, IssuedCertificate issued) => tx.Execute(
        """
        INSERT INTO node_members (id, host_name, certificate, next_certificate, ends_at, created_at) VALUES (@id, @name, @Digest, '', @EndsAt, @Now)
        ON CONFLICT (id) DO UPDATE SET host_name = excluded.host_name, certificate = excluded.certificate, next_certificate = '', ends_at = excluded.ends_at
        """,
        new { id, name, issued.Digest, issued.EndsAt, tx.Now });

    // The secret is random, so that one round of a digest tells nobody anything.
    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    [GeneratedRegex(@"^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,61}[a-zA-Z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();

    internal sealed record MemberRow
    {
        public string Id { get; init; } = "";

        public string HostName { get; init; } = "";

        public string Certificate { get; init; } = "";

        public string NextCertificate { get; init; } = "";

        public long EndsAt { get; init; }
    }

    private sealed record TokenRow
    {
        public long EndsAt { get; init; }

        public string UsedBy { get; init; } = "";

        public string NodeId { get; init; } = "";
    }
}

/// <summary>A node in the journal.</summary>
internal sealed record NodeDocument(string Name, string What);

[JsonSerializable(typeof(NodeDocument))]
internal sealed partial class NodeDocumentJson : JsonSerializerContext;
