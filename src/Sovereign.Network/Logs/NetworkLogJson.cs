using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Logs;

internal sealed record NetworkLogView
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string TenantId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public string ResourceType { get; init; } = "";

    public string? ResourceId { get; init; }

    public string? TargetId { get; init; }

    public string Event { get; init; } = "";

    public bool Enabled { get; init; }

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }
}

internal sealed record NetworkLogBody
{
    public NetworkLogWish? Log { get; init; }

    public IReadOnlyList<NetworkLogWish>? Logs { get; init; }
}

internal sealed record NetworkLogWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<string> ResourceType { get; init; }

    public Optional<string> ResourceId { get; init; }

    public Optional<string> TargetId { get; init; }

    public Optional<string> Event { get; init; }

    public Optional<bool?> Enabled { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}

internal sealed record LoggableResourceView(string Type);

internal sealed record LoggableResourcesAnswer(IReadOnlyList<LoggableResourceView> LoggableResources);
