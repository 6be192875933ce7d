using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager.Acls;
using Sovereign.KeyManager.Consumers;
using Sovereign.KeyManager.Secrets;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Containers;

/// <summary>Makes containers and changes what is in them.</summary>
internal sealed class ContainerService(KernelServices kernel)
{
    /// <summary>By type: names that must be there, and names that may be.</summary>
    private static readonly Dictionary<string, (string[] Needed, string[] Allowed)> names = new(StringComparer.Ordinal)
    {
        [ContainerRow.Rsa] = (["public_key", "private_key"], ["public_key", "private_key", "private_key_passphrase"]),
        [ContainerRow.Certificate] = (["certificate"], ["certificate", "private_key", "private_key_passphrase", "intermediates"]),
    };

    public static Outcome<ContainerRow> Find(Session session, AccessGrant access, string id, bool reading, string what) =>
        !Guid.TryParseExact(id, "D", out _)
            ? KeyFaults.Missing("Not Found. Provided container id is invalid.")
            : Guard.Let(session, access, Acl.OfContainer, ContainerStore.Find(session, id), KeyFaults.ContainerMissing, reading, what);

    /// <summary>What is wrong with the names and references of a new container; null: nothing.</summary>
    public static Fault? Wrong(string type, IReadOnlyList<ContainedWish> secrets)
    {
        const string Schema = "Container";
        const string Property = "secret_refs";
        var given = secrets.Select(secret => secret.Name ?? "").ToList();
        if (type != ContainerRow.Generic && !names.ContainsKey(type))
        {
            return KeyFaults.Mismatch(Schema, $"'{type}' is not one of ['generic', 'rsa', 'certificate']", "type");
        }

        if (secrets.Count == 0) return null;
        if (given.Distinct(StringComparer.Ordinal).Count() < given.Count) return KeyFaults.Mismatch(Schema, "Duplicate reference names are not allowed", Property);
        if (secrets.Select(secret => Written.Id(secret.SecretRef)).Distinct(StringComparer.Ordinal).Count() < secrets.Count)
        {
            return KeyFaults.Mismatch(Schema, "Duplicate secret ids are not allowed", Property);
        }

        if (!names.TryGetValue(type, out var rule)) return null;
        if (given.Except(rule.Allowed).Any())
        {
            return KeyFaults.Mismatch(
                Schema, $"only {string.Join(", ", rule.Allowed.Select(name => $"'{name}'"))} reference names are allowed for {Word(type)} type", Property);
        }

        return rule.Needed.Except(given).Any()
            ? KeyFaults.Mismatch(
                Schema, $"The minimum required reference names are {string.Join(" and ", rule.Needed.Select(name => $"'{name}'"))} for {Word(type)} type", Property)
            : null;
    }

    /// <summary>Makes a container of secrets of the same project, counted against its quota.</summary>
    public Outcome<ContainerRow> Create(Tx tx, ContainerRow wanted, IReadOnlyList<ContainedWish> secrets)
    {
        if (KeyFaults.Take(kernel.Quotas, tx, KeyQuotas.Containers, wanted.ProjectId) is { } over) return over;
        var row = wanted with { Id = kernel.Ids.Uuid(), CreatedAt = tx.Now, UpdatedAt = tx.Now };
        ContainerStore.Insert(tx, row);
        for (var i = 0; i < secrets.Count; i++)
        {
            var id = Written.Id(secrets[i].SecretRef);
            if (SecretStore.Find(tx, id, kernel.Clock.Now())?.ProjectId != row.ProjectId)
            {
                return KeyFaults.Missing($"Secret provided for '{secrets[i].Name}' doesn't exist.");
            }

            ContainerStore.Insert(tx, new ContainedRow { ContainerId = row.Id, SecretId = id, Name = secrets[i].Name ?? "", Position = i });
        }

        Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<Done> Add(Tx tx, ContainerRow row, ContainedWish wish, string project)
    {
        if (row.Type != ContainerRow.Generic) return new Fault.Invalid("", "Only 'generic' containers can be modified.");
        var id = Written.Id(wish.SecretRef);
        if (SecretStore.Find(tx, id, kernel.Clock.Now())?.ProjectId != project) return KeyFaults.Missing("Secret provided doesn't exist.");
        var inside = ContainerStore.Secrets(tx, [row.Id])[row.Id].ToList();
        if (inside.Any(one => one.SecretId == id && one.Name == (wish.Name ?? "")))
        {
            return new Fault.Conflict(
                "Conflict. A secret with that name and ID is already stored in this container. The same secret can exist in a container as long as the name is unique.");
        }

        ContainerStore.Insert(tx, new ContainedRow
        {
            ContainerId = row.Id, SecretId = id, Name = wish.Name ?? "", Position = inside.Count == 0 ? 0 : inside.Max(one => one.Position) + 1,
        });
        return Changed(tx, row);
    }

    public static Outcome<Done> Remove(Tx tx, ContainerRow row, ContainedWish wish)
    {
        if (row.Type != ContainerRow.Generic) return new Fault.Invalid("", "Only 'generic' containers can be modified.");
        return ContainerStore.Remove(tx, row.Id, Written.Id(wish.SecretRef), wish.Name ?? "")
            ? Changed(tx, row) : KeyFaults.Missing("Secret provided is not in the container");
    }

    public void Delete(Tx tx, ContainerRow row)
    {
        ConsumerStore.DeleteAll(kernel.Quotas, tx, Acl.OfContainer, row.Id);
        Record(tx, row, Change.Deleted);
        ContainerStore.Delete(tx, row.Id);
        kernel.Quotas.Give(tx, KeyQuotas.Service, KeyQuotas.Containers, row.ProjectId, 1);
    }

    private static Outcome<Done> Changed(Tx tx, ContainerRow row)
    {
        ContainerStore.Touch(tx, row.Id);
        Record(tx, row, Change.Updated);
        return Done.Value;
    }

    private static string Word(string type) => type == ContainerRow.Rsa ? "RSA" : "Certificate";

    private static void Record(Tx tx, ContainerRow row, Change change) => tx.Record(
        ContainerRow.Kind, row.Id, row.ProjectId, change, row.Document(ContainerStore.Secrets(tx, [row.Id])[row.Id]), ContainerJson.Wire.ContainerDocument);
}
