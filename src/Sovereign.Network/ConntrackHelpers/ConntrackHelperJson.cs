using Sovereign.Kernel.Wire;

namespace Sovereign.Network.ConntrackHelpers;

internal sealed record ConntrackHelperView
{
    public string Id { get; init; } = "";

    public string Protocol { get; init; } = "";

    public long Port { get; init; }

    public string Helper { get; init; } = "";
}

internal sealed record ConntrackHelperBody(ConntrackHelperWish ConntrackHelper);

internal sealed record ConntrackHelperWish
{
    public Optional<string> Protocol { get; init; }

    public Optional<long?> Port { get; init; }

    public Optional<string> Helper { get; init; }
}
