namespace Sovereign.Network.ConntrackHelpers;

/// <summary>A router looks into connections to this port for others that belong to them, and lets those through its NAT.</summary>
internal sealed record ConntrackHelperRow : Wire.IRow
{
    public string Id { get; init; } = "";

    /// <summary>It is its router's project's.</summary>
    public string ProjectId => "";

    public string RouterId { get; init; } = "";

    /// <summary>"tcp" or "udp".</summary>
    public string Protocol { get; init; } = "";

    public long Port { get; init; }

    /// <summary>The kernel's name of what it looks for: "ftp".</summary>
    public string Helper { get; init; } = "";

    public long Revision => 0;

    public ConntrackHelperView ToView() => new() { Id = Id, Protocol = Protocol, Port = Port, Helper = Helper };
}
