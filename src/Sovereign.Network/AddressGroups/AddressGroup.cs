using System.Text.Json;
using Sovereign.Network.Wire;

namespace Sovereign.Network.AddressGroups;

/// <summary>A named list of ranges that rules of security groups can speak of.</summary>
internal sealed record AddressGroupRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>JSON: ranges as <see cref="Addressing.Cidr"/> writes them.</summary>
    public string Addresses { get; init; } = "[]";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public IReadOnlyList<string> AddressList => JsonSerializer.Deserialize(Addresses, NetworkJson.Wire.IReadOnlyListString)!;

    public AddressGroupView ToView(bool shared) => new()
    {
        Id = Id, Name = Name, Description = Description, ProjectId = ProjectId, TenantId = ProjectId, Addresses = AddressList, Shared = shared,
        CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
    };
}
