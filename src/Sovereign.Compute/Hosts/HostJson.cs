using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Hosts;

internal sealed record ServiceUpdate(string? Status = null, string? DisabledReason = null, bool? ForcedDown = null);

internal sealed record OldServiceUpdate(string Host, string Binary, string? DisabledReason = null, JsonElement? ForcedDown = null);

[JsonSerializable(typeof(ServiceUpdate))]
[JsonSerializable(typeof(OldServiceUpdate))]
[JsonSerializable(typeof(HostDocument))]
internal sealed partial class HostJson : JsonSerializerContext
{
    public static readonly HostJson Wire = new(WireJson.Options());
}
