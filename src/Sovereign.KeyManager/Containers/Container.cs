using Sovereign.Kernel.Store;
using Sovereign.KeyManager.Acls;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Containers;

/// <summary>Secrets that belong together, by names.</summary>
internal sealed record ContainerRow : IGuarded
{
    public const string Kind = "key-container";
    public const string Generic = "generic";
    public const string Rsa = "rsa";
    public const string Certificate = "certificate";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string CreatorId { get; init; } = "";

    public string? Name { get; init; }

    public string Type { get; init; } = Generic;

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public ContainerDocument Document(IEnumerable<ContainedRow> secrets) => new(
        Id, ProjectId, CreatorId, Name, Type, [.. secrets.Select(secret => new ContainedDocument(secret.Name, secret.SecretId))]);
}

/// <summary>A secret in a container; its name there may be empty.</summary>
internal sealed record ContainedRow
{
    public string ContainerId { get; init; } = "";

    public string SecretId { get; init; } = "";

    public string Name { get; init; } = "";

    public long Position { get; init; }
}

/// <summary>A container as the journal keeps it.</summary>
internal sealed record ContainerDocument(string Id, string ProjectId, string CreatorId, string? Name, string Type, List<ContainedDocument> Secrets);

internal sealed record ContainedDocument(string Name, string SecretId);

/// <summary>SQL of containers.</summary>
internal static class ContainerStore
{
    public static ContainerRow? Find(Session session, string id) => session.FirstOrDefault<ContainerRow>("SELECT * FROM key_containers WHERE id = @id", new { id });

    public static (List<ContainerRow> Rows, long Total) List(Session session, string project, string? name, string? type, Page page)
    {
        var where = "FROM key_containers WHERE project_id = @project" + (name is null ? "" : " AND name = @name") + (type is null ? "" : " AND type = @type");
        var given = new { project, name, type, page.Limit, page.Offset };
        return (session.Query<ContainerRow>($"SELECT * {where} ORDER BY created_at, id LIMIT @Limit OFFSET @Offset", given),
            session.Scalar<long>($"SELECT COUNT(*) {where}", given));
    }

    /// <summary>Those of many, by container, in the order in which they came.</summary>
    public static ILookup<string, ContainedRow> Secrets(Session session, IReadOnlyList<string> containers) => session.Query<ContainedRow>(
        "SELECT * FROM key_container_secrets WHERE container_id IN @containers ORDER BY position, name", new { containers }).ToLookup(row => row.ContainerId);

    public static void Insert(Tx tx, ContainerRow row) => tx.Execute(
        """
        INSERT INTO key_containers (id, project_id, creator_id, name, type, created_at, updated_at)
        VALUES (@Id, @ProjectId, @CreatorId, @Name, @Type, @CreatedAt, @UpdatedAt)
        """,
        row);

    public static void Touch(Tx tx, string id) => tx.Execute("UPDATE key_containers SET updated_at = @Now WHERE id = @id", new { tx.Now, id });

    public static void Insert(Tx tx, ContainedRow row) => tx.Execute(
        "INSERT INTO key_container_secrets (container_id, secret_id, name, position) VALUES (@ContainerId, @SecretId, @Name, @Position)", row);

    public static bool Remove(Tx tx, string container, string secret, string name) => tx.Execute(
        "DELETE FROM key_container_secrets WHERE container_id = @container AND secret_id = @secret AND name = @name", new { container, secret, name }) > 0;

    public static void Delete(Tx tx, string id)
    {
        Acl.Delete(tx, Acl.OfContainer, id);
        tx.Execute("DELETE FROM key_container_secrets WHERE container_id = @id", new { id });
        tx.Execute("DELETE FROM key_containers WHERE id = @id", new { id });
    }
}
