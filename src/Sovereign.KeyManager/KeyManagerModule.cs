using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Acls;
using Sovereign.KeyManager.Consumers;
using Sovereign.KeyManager.Containers;
using Sovereign.KeyManager.Limits;
using Sovereign.KeyManager.Orders;
using Sovereign.KeyManager.Secrets;
using Sovereign.KeyManager.Stores;

namespace Sovereign.KeyManager;

/// <summary>The key manager: secrets sealed with the keys of their projects, containers of them, and keys made to order. The API is Barbican's.</summary>
public sealed class KeyManagerModule : IModule
{
    internal const string Root = "/key-manager";
    internal const string Prefix = "/key-manager/v1";
    private readonly KernelServices kernel;
    private readonly SecretService secrets;
    private readonly ContainerService containers;

    /// <summary>Puts the service together; no I/O.</summary>
    public KeyManagerModule(KernelServices kernel)
    {
        this.kernel = kernel;
        secrets = new SecretService(kernel);
        containers = new ContainerService(kernel);
        Secrets = new SecretsForServices(kernel, secrets);
        Reconcilers = [new OrderReconciler(kernel, secrets, containers)];
        Periodics = [new ExpirySweep(kernel, secrets)];
    }

    public string Name => "key-manager";

    /// <summary>What other services see of it.</summary>
    public ISecrets Secrets { get; }

    public ServiceFace? Face { get; } = new("key-manager", "barbican", Prefix, Dialect.Barbican, VersionEndpoints.Table) { BodyBytesMax = RequestBytesMax };

    public IReadOnlyList<AccessRule> Access => KeyManagerAccess.Table;

    public IReadOnlyList<QuotaResource> Quotas => KeyQuotas.All;

    public IReadOnlyList<IReconciler> Reconcilers { get; }

    public IReadOnlyList<IPeriodic> Periodics { get; }

    /// <summary>The original's default limit of a request.</summary>
    private const int RequestBytesMax = 25_000;

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(Face!);
        VersionEndpoints.Map(api.Under(Root), api);
        new SecretEndpoints(kernel, secrets).Map(api);
        new MetadataEndpoints(kernel, secrets).Map(api);
        new ConsumerEndpoints(kernel, secrets, containers).Map(api);
        new AclEndpoints(kernel, secrets).Map(api);
        new ContainerEndpoints(kernel, containers).Map(api);
        new OrderEndpoints(kernel, secrets).Map(api);
        new QuotaEndpoints(kernel).Map(api);
        new StoreEndpoints(kernel).Map(api);
    }
}
