using Sovereign.Compute.Limits;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Keypairs;

/// <summary>Key pairs belong to users; administrators reach those of others.</summary>
internal sealed class KeypairService(KernelServices kernel)
{
    /// <summary>Whose key pairs the call is about: the caller's, or from 2.10 on another user's for administrators.</summary>
    public static Outcome<string> UserOf(AccessGrant access, string? asked, Microversion version)
    {
        if (asked is null || !version.Has(10) || asked == access.Caller.UserId) return access.Caller.UserId;
        return access.Everything ? asked : new Fault.Forbidden("Policy doesn't allow os_compute_api:os-keypairs to be performed on another user.");
    }

    public async Task<Outcome<(KeypairRow Row, string? PrivateKey)>> Create(AccessGrant access, KeypairCreate asked, Microversion version, CancellationToken stop)
    {
        var user = UserOf(access, asked.UserId, version);
        if (user.Fault is { } foreign) return foreign;
        var read = Read(asked, user.Value, version);
        if (read.Fault is { } wrong) return wrong;
        var (row, privateKey) = read.Value;
        return await kernel.Queue.Write<(KeypairRow, string?)>(
            "keypair.create",
            access.Origin,
            tx =>
            {
                var made = row with { CreatedAt = tx.Now };
                var limit = UserQuotas.Limit(tx, kernel.Quotas, access.Caller.ProjectId ?? "", made.UserId, "key_pairs");
                if (limit >= 0 && KeypairStore.Count(tx, made.UserId) >= limit) return new Fault.Forbidden("Quota exceeded, too many key pairs.");
                if (!KeypairStore.Insert(tx, made)) return new Fault.Conflict($"Key pair '{made.Name}' already exists.");
                tx.Record("keypair", $"{made.UserId}:{made.Name}", access.Caller.UserDomainId, Change.Created, made.Document(), KeypairJson.Wire.KeypairDocument);
                return (made, privateKey);
            },
            stop);
    }

    public Outcome<KeypairRow> Find(AccessGrant access, string? userId, string name, Microversion version) =>
        UserOf(access, userId, version).Then<KeypairRow>(user =>
            kernel.Database.Read(session => KeypairStore.Find(session, user, name)) is { } row ? row : Missing(name, user));

    public List<KeypairRow> List(string userId, string marker, int limit) => kernel.Database.Read(session => KeypairStore.Page(session, userId, marker, limit));

    public async Task<Outcome<Done>> Delete(AccessGrant access, string? userId, string name, Microversion version, CancellationToken stop)
    {
        var user = UserOf(access, userId, version);
        if (user.Fault is { } foreign) return foreign;
        return await kernel.Queue.Write<Done>(
            "keypair.delete",
            access.Origin,
            tx =>
            {
                if (KeypairStore.Find(tx, user.Value, name) is not { } row) return Missing(name, user.Value);
                KeypairStore.Delete(tx, user.Value, name);
                tx.Record("keypair", $"{row.UserId}:{row.Name}", access.Caller.UserDomainId, Change.Deleted, row.Document(), KeypairJson.Wire.KeypairDocument);
                return Done.Value;
            },
            stop);
    }

    private static Fault Missing(string name, string user) => Wire.NotFound($"Keypair {name} not found for user {user}");

    private Outcome<(KeypairRow Row, string? PrivateKey)> Read(KeypairCreate asked, string user, Microversion version)
    {
        if (!Keys.NameIsValid(asked.Name, version.Has(92)))
        {
            return new Fault.Invalid("name", "Keypair data is invalid: Keypair name must be string and between 1 and 255 characters long, of allowed characters");
        }

        if (asked.Type is not null && !version.Has(2)) return Wire.Unexpected("type");
        if (asked.UserId is not null && !version.Has(10)) return Wire.Unexpected("user_id");
        if (asked.Type is not (null or "ssh" or "x509"))
        {
            return new Fault.Invalid("type", $"Invalid input for field/attribute type. Value: {asked.Type}. 'ssh' and 'x509' are the types.");
        }
        var row = new KeypairRow { UserId = user, Name = asked.Name, Type = asked.Type ?? "ssh" };
        if (asked.PublicKey is { } imported)
        {
            if (imported.Length > Keys.PublicKeyLengthMax) return new Fault.Invalid("public_key", "The public key is too long.");
            return Keys.Fingerprint(row.Type, imported).Map<(KeypairRow, string?)>(print => (row with { PublicKey = imported.Trim(), Fingerprint = print }, null));
        }

        if (version.Has(92)) return new Fault.Invalid("public_key", "'public_key' is a required property");
        var made = row.Type == "ssh" ? Keys.MakeSsh() : Keys.MakeCertificate(user, kernel.Clock.GetUtcNow());
        return (row with { PublicKey = made.PublicKey, Fingerprint = made.Fingerprint }, made.PrivateKey);
    }
}
