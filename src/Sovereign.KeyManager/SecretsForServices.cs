using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager.Acls;
using Sovereign.KeyManager.Consumers;
using Sovereign.KeyManager.Containers;
using Sovereign.KeyManager.Secrets;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager;

/// <summary>The key manager as other services see it.</summary>
internal sealed class SecretsForServices(KernelServices kernel, SecretService secrets) : ISecrets
{
    public Outcome<SecretPayload> Payload(Session session, AccessGrant access, string secretRef) =>
        secrets.Find(session, access, Written.Id(secretRef), reading: true, "Secret payload retrieval").Then(row => Opened(session, row));

    public Outcome<SecretContainer> Container(Session session, AccessGrant access, string containerRef) =>
        ContainerService.Find(session, access, Written.Id(containerRef), reading: true, "Container retrieval")
            .Then(row => Filled(session, row, id => Payload(session, access, id)));

    public Outcome<SecretPayload> Reopen(Session session, string secretId) =>
        SecretStore.Find(session, secretId, secrets.Now) is { } row ? Opened(session, row) : KeyFaults.Missing(KeyFaults.SecretMissing);

    public Outcome<SecretContainer> ReopenContainer(Session session, string containerId) => ContainerStore.Find(session, containerId) is { } row
        ? Filled(session, row, id => Reopen(session, id)) : KeyFaults.Missing(KeyFaults.ContainerMissing);

    public Outcome<string> Create(Tx tx, SecretOrder order) => secrets.Create(tx, new SecretRow
    {
        ProjectId = order.ProjectId, CreatorId = order.CreatorId, Name = order.Name, SecretType = order.Type, Algorithm = order.Algorithm, BitLength = order.BitLength,
        Mode = order.Mode, ContentType = order.ContentType, KeptFor = order.KeptFor,
    }, order.Payload).Map(row => row.Id);

    public Outcome<Done> Give(Tx tx, string secretId, string projectId, string creatorId) =>
        SecretStore.Row(tx, secretId) is { } row ? secrets.Move(tx, row, projectId, creatorId) : KeyFaults.Missing(KeyFaults.SecretMissing);

    public void Delete(Tx tx, string secretId)
    {
        if (SecretStore.Row(tx, secretId) is { } row) secrets.Delete(tx, row);
    }

    public Outcome<Done> Use(Tx tx, string reference, string projectId, string service, string resourceType, string resourceId)
    {
        var id = Written.Id(reference);
        var kind = SecretStore.Row(tx, id) is not null ? Acl.OfSecret : ContainerStore.Find(tx, id) is not null ? Acl.OfContainer : null;
        if (kind is null) return KeyFaults.Missing(KeyFaults.SecretMissing);
        return ConsumerStore.Put(kernel.Quotas, tx, kernel.Ids, Row(kind, id, service, resourceType, resourceId) with { ProjectId = projectId }) is { } over
            ? over : Done.Value;
    }

    public void Unuse(Tx tx, string reference, string service, string resourceType, string resourceId)
    {
        foreach (var kind in new[] { Acl.OfSecret, Acl.OfContainer })
        {
            if (ConsumerStore.Same(tx, Row(kind, Written.Id(reference), service, resourceType, resourceId)) is { } row) ConsumerStore.Delete(kernel.Quotas, tx, row);
        }
    }

    /// <summary>A container's consumer has a name and a URL, so the type of what uses it stands in the URL.</summary>
    private static ConsumerRow Row(string kind, string id, string service, string type, string resource) => kind == Acl.OfSecret
        ? new ConsumerRow { Kind = kind, TargetId = id, Service = service, ResourceType = type, ResourceId = resource }
        : new ConsumerRow { Kind = kind, TargetId = id, Service = service, ResourceId = $"{type}/{resource}" };

    private Outcome<SecretPayload> Opened(Session session, SecretRow row) =>
        secrets.Open(session, row).Map(bytes => new SecretPayload(row.Id, row.ProjectId, row.Name, row.SecretType, row.ContentType!, bytes));

    private static Outcome<SecretContainer> Filled(Session session, ContainerRow row, Func<string, Outcome<SecretPayload>> open)
    {
        var parts = new Dictionary<string, SecretPayload>(StringComparer.Ordinal);
        foreach (var inside in ContainerStore.Secrets(session, [row.Id])[row.Id])
        {
            var opened = open(inside.SecretId);
            if (opened.Fault is { } fault) return fault;
            parts[inside.Name] = opened.Value;
        }

        return new SecretContainer(row.Id, row.ProjectId, row.Name, row.Type, parts);
    }
}
