using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Volume.Wire;

internal sealed record PairsBody(Dictionary<string, string?> Metadata);

internal sealed record PairBody(Dictionary<string, string?> Meta);

[JsonSerializable(typeof(PairsBody))]
[JsonSerializable(typeof(PairBody))]
internal sealed partial class PairJson : JsonSerializerContext
{
    public static readonly PairJson Wire = new(WireJson.Options());
}
