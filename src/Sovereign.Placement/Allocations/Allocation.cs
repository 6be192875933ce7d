namespace Sovereign.Placement.Allocations;

/// <summary>An amount of one class that a consumer has on one provider.</summary>
internal sealed record Allocation
{
    public string ConsumerId { get; init; } = "";

    public string ProviderId { get; init; } = "";

    public string ResourceClass { get; init; } = "";

    public long Used { get; init; }
}

/// <summary>Who has allocations: a server, or a migration of one.</summary>
internal sealed record Consumer
{
    public const string UnknownType = "unknown";

    /// <summary>The type of servers.</summary>
    public const string InstanceType = "INSTANCE";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    /// <summary>INSTANCE, MIGRATION, …; "unknown" where nobody said.</summary>
    public string Type { get; init; } = UnknownType;

    public long Generation { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }
}

/// <summary>What a consumer shall have from now on, on one or more providers.</summary>
/// <param name="Type">Null: as it was.</param>
/// <param name="Generation">The consumer's generation that the caller saw, null for a consumer that must be new; only looked at when <paramref name="Checked"/>.</param>
internal sealed record AllocationWish(
    string ConsumerId, string ProjectId, string UserId, IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> ByProvider, bool Checked, long? Generation,
    string? Type = null);
