namespace Sovereign.Node.Contract;

/// <summary>Why packets of a port are logged: one network log that concerns it.</summary>
/// <param name="Accepts">True: what a rule lets through is logged, the first packet of each flow.</param>
/// <param name="Drops">True: what no rule lets through is logged.</param>
/// <param name="GroupId">Only what rules of this group accept; null: of any of the port's.</param>
public sealed record PortLogSpec(string Id, bool Accepts, bool Drops, string? GroupId);
