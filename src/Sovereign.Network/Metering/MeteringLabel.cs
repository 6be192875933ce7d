using Sovereign.Network.Addressing;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Network.Metering;

/// <summary>A name under which routers count traffic that crosses their gateway: those of its project, or all when it is shared.</summary>
internal sealed record MeteringLabelRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Shared { get; init; }

    public long CreatedAt { get; init; }

    /// <summary>It never changes.</summary>
    public long Revision => 0;

    public MeteringLabelView ToView() => new()
    {
        Id = Id, ProjectId = ProjectId, TenantId = ProjectId, Name = Name, Description = Description, Shared = Shared,
    };
}

/// <summary>Traffic that a label counts, or leaves out.</summary>
internal sealed record MeteringRuleRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>Its label's.</summary>
    public string ProjectId { get; init; } = "";

    public string LabelId { get; init; } = "";

    /// <summary>As the router sees it: "ingress" comes in by its gateway.</summary>
    public string Direction { get; init; } = "";

    /// <summary>True: what matches is not counted, whatever other rules say.</summary>
    public bool Excluded { get; init; }

    /// <summary>The inner side, as Neutron's agent takes it in spite of its name: where packets that come in go to, or those that go out come from.</summary>
    public string? RemotePrefix { get; init; }

    public string? SourcePrefix { get; init; }

    public string? DestinationPrefix { get; init; }

    public long CreatedAt { get; init; }

    public long Revision => 0;

    public MeteringRuleView ToView() => new()
    {
        Id = Id, MeteringLabelId = LabelId, Direction = Direction, Excluded = Excluded, RemoteIpPrefix = RemotePrefix, SourceIpPrefix = SourcePrefix,
        DestinationIpPrefix = DestinationPrefix,
    };

    public MeterRuleSpec ToSpec()
    {
        var ingress = Direction == Directions.Ingress;
        return new MeterRuleSpec(ingress, Excluded, SourcePrefix ?? (ingress ? null : RemotePrefix), DestinationPrefix ?? (ingress ? RemotePrefix : null));
    }

    /// <summary>Would both count the same packets by their remote prefix?</summary>
    public bool Overlaps(MeteringRuleRow other) => Direction == other.Direction && Excluded == other.Excluded
        && Cidr.TryParse(RemotePrefix, out var own) && Cidr.TryParse(other.RemotePrefix, out var theirs) && own.Version == theirs.Version && own.Overlaps(theirs);
}
