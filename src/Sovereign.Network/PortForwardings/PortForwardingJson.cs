using Sovereign.Kernel.Wire;

namespace Sovereign.Network.PortForwardings;

internal sealed record PortForwardingView
{
    public string Id { get; init; } = "";

    /// <summary>Null: there is more than one.</summary>
    public long? ExternalPort { get; init; }

    public long? InternalPort { get; init; }

    public string ExternalPortRange { get; init; } = "";

    public string InternalPortRange { get; init; } = "";

    public string InternalIpAddress { get; init; } = "";

    public string Protocol { get; init; } = "";

    public string InternalPortId { get; init; } = "";

    public string Description { get; init; } = "";
}

internal sealed record PortForwardingBody(PortForwardingWish PortForwarding);

internal sealed record PortForwardingWish
{
    public Optional<long?> ExternalPort { get; init; }

    public Optional<long?> InternalPort { get; init; }

    public Optional<string> ExternalPortRange { get; init; }

    public Optional<string> InternalPortRange { get; init; }

    public Optional<string> InternalIpAddress { get; init; }

    public Optional<string> Protocol { get; init; }

    public Optional<string> InternalPortId { get; init; }

    public Optional<string> Description { get; init; }
}
