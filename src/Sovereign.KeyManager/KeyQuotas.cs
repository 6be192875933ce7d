using Sovereign.Kernel.Quota;

namespace Sovereign.KeyManager;

/// <summary>What a project may have of the key manager; without limit where nobody set one.</summary>
internal static class KeyQuotas
{
    public const string Service = "key-manager";
    public const string Secrets = "secrets";
    public const string Orders = "orders";
    public const string Containers = "containers";
    public const string Consumers = "consumers";

    /// <summary>In the order in which the API shows them; there are no certificate authorities, whose limit the API names all the same.</summary>
    public static readonly IReadOnlyList<QuotaResource> All =
    [
        Of(Secrets, "key_secrets"), Of(Orders, "key_orders"), Of(Containers, "key_containers"), Of(Consumers, "key_consumers"), new(Service, "cas", -1, null),
    ];

    private static QuotaResource Of(string name, string table) =>
        new(Service, name, -1, $"SELECT project_id, COUNT(*) AS used FROM {table} GROUP BY project_id");
}
