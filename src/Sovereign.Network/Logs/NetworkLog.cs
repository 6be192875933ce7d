using Sovereign.Network.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Network.Logs;

/// <summary>A wish to have a line for packets that security groups let through or stop.</summary>
internal sealed record NetworkLogRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>One of <see cref="LogTypes"/>.</summary>
    public string ResourceType { get; init; } = "";

    /// <summary>The security group; null: any.</summary>
    public string? ResourceId { get; init; }

    /// <summary>The port; null: all of the group, or without a group all of the project.</summary>
    public string? TargetId { get; init; }

    /// <summary>One of <see cref="LogEvents"/>.</summary>
    public string Event { get; init; } = "";

    public bool Enabled { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public NetworkLogView ToView() => new()
    {
        Id = Id, ProjectId = ProjectId, TenantId = ProjectId, Name = Name, Description = Description, ResourceType = ResourceType, ResourceId = ResourceId,
        TargetId = TargetId, Event = Event, Enabled = Enabled, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
    };

    public PortLogSpec ToSpec() => new(Id, Event != LogEvents.Drop, Event != LogEvents.Accept, ResourceId);
}

internal static class LogTypes
{
    public const string SecurityGroup = "security_group";
}

internal static class LogEvents
{
    public const string All = "ALL";
    public const string Accept = "ACCEPT";
    public const string Drop = "DROP";
}
