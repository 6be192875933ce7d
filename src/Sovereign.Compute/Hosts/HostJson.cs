using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Hosts;

internal sealed record ServiceUpdate(string? Status = null, string? DisabledReason = null, bool? ForcedDown = null);

internal sealed record OldServiceUpdate(string Host, string Binary, string? DisabledReason = null, JsonElement? ForcedDown = null);

/// <summary>What the routes of hosts change, until 2.42.</summary>
internal sealed record OldHostUpdate(string? Status = null, string? MaintenanceMode = null);

[JsonSerializable(typeof(ServiceUpdate))]
[JsonSerializable(typeof(OldHostUpdate))]
[JsonSerializable(typeof(OldServiceUpdate))]
[JsonSerializable(typeof(HostDocument))]
internal sealed partial class HostJson : JsonSerializerContext
{
    public static readonly HostJson Wire = new(WireJson.Options());
}
