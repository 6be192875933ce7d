using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Groups;

/// <summary>A group of users; a role of the group is a role of each member.</summary>
internal sealed record GroupRow : IRow
{
    public string Id { get; init; } = "";

    public string DomainId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public string Extra { get; init; } = "{}";

    public GroupEntry Entry => new(Id, DomainId, Name);
}

internal sealed record MemberRow
{
    public string GroupId { get; init; } = "";

    public string UserId { get; init; } = "";
}
