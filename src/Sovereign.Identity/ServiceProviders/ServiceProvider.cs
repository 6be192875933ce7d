using Sovereign.Identity.Wire;

namespace Sovereign.Identity.ServiceProviders;

/// <summary>Another cloud that trusts this one to vouch for users.</summary>
internal sealed record ServiceProviderRow : IRow
{
    /// <summary>What stands before the state that an assertion carries, where nothing else is said.</summary>
    public const string RelayStatePrefixDefault = "ss:mem:";

    public string Id { get; init; } = "";

    public bool Enabled { get; init; }

    public string? Description { get; init; }

    /// <summary>Where its users log in.</summary>
    public string AuthUrl { get; init; } = "";

    /// <summary>Where it takes assertions.</summary>
    public string SpUrl { get; init; } = "";

    public string? RelayStatePrefix { get; init; } = RelayStatePrefixDefault;
}
