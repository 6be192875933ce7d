using System.Collections.Immutable;
using System.Text.Json;

namespace Sovereign.Identity.ServiceProviders;

/// <summary>The enabled service providers as every token shows them, rendered once; an immutable snapshot, since they are few and change rarely.</summary>
internal sealed class KnownProviders
{
    public static readonly KnownProviders Empty = new(ImmutableSortedDictionary.Create<string, KnownProvider>(StringComparer.Ordinal));
    private readonly ImmutableSortedDictionary<string, KnownProvider> providers;

    private KnownProviders(ImmutableSortedDictionary<string, KnownProvider> providers)
    {
        this.providers = providers;
        Text = providers.IsEmpty ? [] :
        [
            .. ",\"service_providers\":"u8, .. JsonSerializer.SerializeToUtf8Bytes(providers.Values, ServiceProviderJson.Wire.IEnumerableKnownProvider),
        ];
    }

    /// <summary>A member of a token's object, after a comma; empty when no provider is enabled.</summary>
    public byte[] Text { get; }

    public KnownProviders With(ServiceProviderRow row) =>
        row.Enabled ? new(providers.SetItem(row.Id, new(row.Id, row.AuthUrl, row.SpUrl))) : Without(row.Id);

    public KnownProviders Without(string id) => providers.ContainsKey(id) ? new(providers.Remove(id)) : this;
}
