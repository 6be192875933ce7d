using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.KeyManager;

/// <summary>A secret as another service reads it.</summary>
/// <param name="Type">"opaque", "symmetric", "public", "private", "passphrase" or "certificate".</param>
/// <param name="ContentType">"text/plain", "application/octet-stream" or "application/pkcs8".</param>
public sealed record SecretPayload(string Id, string ProjectId, string? Name, string Type, string ContentType, byte[] Payload)
{
    /// <summary>Without the payload, so that no log has it.</summary>
    public override string ToString() => $"secret {Id}";
}

/// <summary>A container as another service reads it: the secrets by the names that they have in it.</summary>
/// <param name="Type">"generic", "rsa" or "certificate"; one of the last has "certificate" and perhaps "private_key", "private_key_passphrase", "intermediates".</param>
public sealed record SecretContainer(string Id, string ProjectId, string? Name, string Type, IReadOnlyDictionary<string, SecretPayload> Secrets);

/// <summary>A secret that another service makes.</summary>
/// <param name="Type">"symmetric", "passphrase" and so on.</param>
/// <param name="ContentType">"text/plain" or "application/octet-stream".</param>
public sealed record SecretOrder(string ProjectId, string CreatorId, string? Name, string Type, string ContentType, byte[] Payload)
{
    public string? Algorithm { get; init; }

    public int? BitLength { get; init; }

    public string? Mode { get; init; }

    /// <summary>The resource whose key it is ("volume ID"): its owner can't delete it alone, since what it encrypts would be lost; null: the owner may.</summary>
    public string? KeptFor { get; init; }

    /// <summary>Without the payload, so that no log has it.</summary>
    public override string ToString() => $"secret {Name}";
}

/// <summary>What other services see of the key manager. References are whole URLs, as its API gives them, or bare ids.</summary>
public interface ISecrets
{
    /// <summary>A secret's payload, for a caller who may decrypt it: of its project, its creator, or named by its ACL.</summary>
    /// <returns>Not found also where it expired, has no payload yet, or is nothing to this caller.</returns>
    Outcome<SecretPayload> Payload(Session session, AccessGrant access, string secretRef);

    /// <summary>A container with the payloads of all its secrets, for a caller who may read each of them.</summary>
    Outcome<SecretContainer> Container(Session session, AccessGrant access, string containerRef);

    /// <summary>A secret's payload for the cloud itself, whose right was checked when it was given the id.</summary>
    Outcome<SecretPayload> Reopen(Session session, string secretId);

    /// <summary>A container's payloads for the cloud itself, whose right was checked when it was given the id.</summary>
    Outcome<SecretContainer> ReopenContainer(Session session, string containerId);

    /// <summary>Makes a secret for a service, counted against the quota of its project; gives its id.</summary>
    Outcome<string> Create(Tx tx, SecretOrder order);

    /// <summary>Moves a secret that a service made to another project, payload and quota included.</summary>
    Outcome<Done> Give(Tx tx, string secretId, string projectId, string creatorId);

    /// <summary>Deletes a secret that a service made; one that is gone is no fault.</summary>
    void Delete(Tx tx, string secretId);

    /// <summary>Says that a resource uses a secret or container ("load-balancer", "listener", id), which its owner then sees among the consumers.</summary>
    Outcome<Done> Use(Tx tx, string reference, string projectId, string service, string resourceType, string resourceId);

    /// <summary>Takes back what <see cref="Use"/> said.</summary>
    void Unuse(Tx tx, string reference, string service, string resourceType, string resourceId);
}
