using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager.Acls;
using Sovereign.KeyManager.Consumers;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Secrets;

/// <summary>Makes, opens and deletes secrets.</summary>
internal sealed class SecretService(KernelServices kernel)
{
    public long Now => kernel.Clock.Now();

    /// <param name="what">What the caller wants, for the refusal: "Secret retrieval".</param>
    public Outcome<SecretRow> Find(Session session, AccessGrant access, string id, bool reading, string what) =>
        !Guid.TryParseExact(id, "D", out _)
            ? KeyFaults.Missing("Not Found. Provided secret id is invalid.")
            : Guard.Let(session, access, Acl.OfSecret, SecretStore.Find(session, id, Now), KeyFaults.SecretMissing, reading, what);

    /// <summary>The plain payload; a fault when there is none or its project's key was destroyed.</summary>
    public Outcome<byte[]> Open(Session session, SecretRow row)
    {
        if (row.Sealed is null) return KeyFaults.Missing("Not Found. Sorry but your secret has no payload.");
        return kernel.Keys.Open(session, row.ProjectId, row.Sealed, Context(row.Id)) is { } plain
            ? Outcome.Of(plain) : new Fault.Gone($"The payload of secret {row.Id} can't be opened: the key of its project was destroyed.");
    }

    /// <summary>Seals the payload and keeps the secret, counted against its project's quota.</summary>
    /// <param name="payload">Null: it comes later.</param>
    public Outcome<SecretRow> Create(Tx tx, SecretRow wanted, byte[]? payload)
    {
        if (KeyFaults.Take(kernel.Quotas, tx, KeyQuotas.Secrets, wanted.ProjectId) is { } over) return over;
        var id = kernel.Ids.Uuid();
        var row = wanted with
        {
            Id = id,
            CreatedAt = tx.Now,
            UpdatedAt = tx.Now,
            Sealed = payload is null ? null : kernel.Keys.Seal(tx, wanted.ProjectId, payload, Context(id)),
        };
        SecretStore.Insert(tx, row);
        Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<SecretRow> Fill(Tx tx, SecretRow row, string contentType, byte[] payload)
    {
        if (row.Sealed is not null) return new Fault.Conflict("Secret already has data, cannot modify it.");
        return Save(tx, row with { ContentType = contentType, Sealed = kernel.Keys.Seal(tx, row.ProjectId, payload, Context(row.Id)) });
    }

    public static SecretRow Save(Tx tx, SecretRow row)
    {
        row = row with { UpdatedAt = tx.Now };
        SecretStore.Update(tx, row);
        Record(tx, row, Change.Updated);
        return row;
    }

    /// <summary>Gives it to another project, whose key seals it from then on.</summary>
    public Outcome<Done> Move(Tx tx, SecretRow row, string project, string creator)
    {
        var plain = Open(tx, row);
        if (plain.Fault is { } shut) return shut;
        if (KeyFaults.Take(kernel.Quotas, tx, KeyQuotas.Secrets, project) is { } over) return over;
        kernel.Quotas.Give(tx, KeyQuotas.Service, KeyQuotas.Secrets, row.ProjectId, 1);
        Acl.Delete(tx, Acl.OfSecret, row.Id);
        Save(tx, row with { ProjectId = project, CreatorId = creator, Sealed = kernel.Keys.Seal(tx, project, plain.Value, Context(row.Id)) });
        return Done.Value;
    }

    public void Delete(Tx tx, SecretRow row)
    {
        ConsumerStore.DeleteAll(kernel.Quotas, tx, Acl.OfSecret, row.Id);
        SecretStore.Delete(tx, row.Id);
        kernel.Quotas.Give(tx, KeyQuotas.Service, KeyQuotas.Secrets, row.ProjectId, 1);
        Record(tx, row, Change.Deleted);
    }

    private static string Context(string id) => "key-secret/" + id;

    private static void Record(Tx tx, SecretRow row, Change change) =>
        tx.Record(SecretRow.Kind, row.Id, row.ProjectId, change, row.Document(), SecretJson.Wire.SecretDocument);
}
