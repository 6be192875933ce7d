using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Volume.Types;

internal sealed record TypeBody(TypeWish VolumeType);

internal sealed record TypeWish(
    Optional<string> Name = default, Optional<string> Description = default, JsonElement? IsPublic = null,
    [property: JsonPropertyName("os-volume-type-access:is_public")] JsonElement? AccessIsPublic = null, Dictionary<string, string?>? ExtraSpecs = null);

internal sealed record SpecsBody(Dictionary<string, string?> ExtraSpecs);

internal sealed record EncryptionBody(EncryptionWish Encryption);

internal sealed record EncryptionWish(
    Optional<string> Provider = default, Optional<string> Cipher = default, Optional<JsonElement?> KeySize = default, Optional<string> ControlLocation = default);

internal sealed record TypeActionBody(
    [property: JsonPropertyName("addProjectAccess")] ProjectAccess? AddProjectAccess = null,
    [property: JsonPropertyName("removeProjectAccess")] ProjectAccess? RemoveProjectAccess = null);

internal sealed record ProjectAccess(string Project);

internal sealed record DefaultTypeBody(DefaultTypeWish DefaultType);

internal sealed record DefaultTypeWish(string VolumeType);

[JsonSerializable(typeof(TypeBody))]
[JsonSerializable(typeof(SpecsBody))]
[JsonSerializable(typeof(EncryptionBody))]
[JsonSerializable(typeof(TypeActionBody))]
[JsonSerializable(typeof(DefaultTypeBody))]
[JsonSerializable(typeof(DefaultTypeRow))]
[JsonSerializable(typeof(TypeDocument))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class TypeJson : JsonSerializerContext
{
    public static readonly TypeJson Wire = new(WireJson.Options());
}
