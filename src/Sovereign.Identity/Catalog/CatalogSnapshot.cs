using System.Collections.Immutable;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Catalog;

/// <summary>All services, endpoints and regions; immutable, since they are few and change rarely.</summary>
internal sealed record CatalogSnapshot(
    ImmutableSortedDictionary<string, ServiceRow> Services,
    ImmutableSortedDictionary<string, EndpointRow> Endpoints,
    ImmutableSortedDictionary<string, RegionRow> Regions,
    EndpointFilters Filters)
{
    public static readonly CatalogSnapshot Empty = new(
        ImmutableSortedDictionary.Create<string, ServiceRow>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, EndpointRow>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, RegionRow>(StringComparer.Ordinal),
        EndpointFilters.Empty);

    public static CatalogSnapshot Load(Session session) => new(
        session.Query<ServiceRow>("SELECT * FROM catalog_services").ToImmutableSortedDictionary(row => row.Id, row => row, StringComparer.Ordinal),
        session.Query<EndpointRow>("SELECT * FROM catalog_endpoints").ToImmutableSortedDictionary(row => row.Id, row => row, StringComparer.Ordinal),
        session.Query<RegionRow>("SELECT * FROM catalog_regions").ToImmutableSortedDictionary(row => row.Id, row => row, StringComparer.Ordinal),
        EndpointFilters.Load(session));

    public CatalogSnapshot Filtered(Func<EndpointFilters, EndpointFilters> change) => this with { Filters = change(Filters) };
}
