using System.Globalization;
using System.Text.Json;
using Sovereign.Network.Addressing;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SubnetPools;

/// <summary>Prefixes that subnets are cut from.</summary>
internal sealed record SubnetPoolRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public long IpVersion { get; init; }

    /// <summary>JSON: ranges without overlap, in order.</summary>
    public string Prefixes { get; init; } = "[]";

    public long DefaultPrefixlen { get; init; }

    public long MinPrefixlen { get; init; }

    public long MaxPrefixlen { get; init; }

    /// <summary>Most that one project may have of it: addresses of IPv4, /64 networks of IPv6; null: no limit.</summary>
    public long? DefaultQuota { get; init; }

    public bool IsDefault { get; init; }

    public string? AddressScopeId { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public IReadOnlyList<string> PrefixList => JsonSerializer.Deserialize(Prefixes, NetworkJson.Wire.IReadOnlyListString)!;

    public IReadOnlyList<Cidr> Ranges => PrefixList
        .Select(text => Cidr.TryParse(text, out var range) ? range : throw new InvalidOperationException($"Subnet pool {Id} has a broken prefix."))
        .ToList();

    public SubnetPoolView ToView(IReadOnlyList<string> tags, bool shared) => new()
    {
        Id = Id, Name = Name, TenantId = ProjectId, ProjectId = ProjectId, DefaultPrefixlen = Text(DefaultPrefixlen), MinPrefixlen = Text(MinPrefixlen),
        MaxPrefixlen = Text(MaxPrefixlen), IsDefault = IsDefault, Shared = shared, Prefixes = PrefixList, IpVersion = IpVersion, DefaultQuota = DefaultQuota,
        AddressScopeId = AddressScopeId, Description = Description, Tags = tags, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt),
        RevisionNumber = Revision,
    };

    /// <summary>The original writes lengths as texts.</summary>
    private static string Text(long length) => length.ToString(CultureInfo.InvariantCulture);
}
