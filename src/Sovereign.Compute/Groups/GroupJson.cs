using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Groups;

internal sealed record GroupCreateBody(GroupCreate ServerGroup);

/// <param name="Policies">Before 2.64: a list of one policy.</param>
/// <param name="Rules">From 2.64 on: max_server_per_host.</param>
internal sealed record GroupCreate(string Name, List<string>? Policies = null, string? Policy = null, Dictionary<string, JsonElement>? Rules = null);

[JsonSerializable(typeof(GroupCreateBody))]
[JsonSerializable(typeof(GroupRow))]
internal sealed partial class GroupJson : JsonSerializerContext
{
    public static readonly GroupJson Wire = new(WireJson.Options());
}
