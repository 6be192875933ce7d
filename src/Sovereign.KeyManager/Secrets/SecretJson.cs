using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Consumers;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Secrets;

/// <summary>A secret as it is ordered.</summary>
internal sealed record SecretWish(
    string? Name = null, string? Algorithm = null, string? Mode = null, long? BitLength = null, string? Expiration = null, string? SecretType = null,
    string? PayloadContentType = null, string? PayloadContentEncoding = null)
{
    public Optional<string> Payload { get; init; }

    /// <summary>Without the payload, so that no log has it.</summary>
    public override string ToString() => "***";
}

internal sealed record MetadataWish(Dictionary<string, JsonElement> Metadata);

internal sealed record MetadatumWish(string Key, string Value);

[JsonSerializable(typeof(SecretWish))]
[JsonSerializable(typeof(MetadataWish))]
[JsonSerializable(typeof(MetadatumWish))]
[JsonSerializable(typeof(SecretDocument))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
internal sealed partial class SecretJson : JsonSerializerContext
{
    public static readonly SecretJson Wire = new(WireJson.Options(refuseUnknown: false));

    public static SortedDictionary<string, string> Pairs(string json) =>
        new(JsonSerializer.Deserialize(json, Wire.SortedDictionaryStringString)!, StringComparer.Ordinal);

    public static string Text(SortedDictionary<string, string> pairs) => JsonSerializer.Serialize(pairs, Wire.SortedDictionaryStringString);
}

/// <summary>A secret as it is shown: never its payload.</summary>
internal static class SecretView
{
    public static void Write(Utf8JsonWriter json, Call call, SecretRow row, IReadOnlyList<ConsumerRow> consumers)
    {
        json.WriteString("created", Written.Time(row.CreatedAt));
        json.WriteString("updated", Written.Time(row.UpdatedAt));
        json.WriteString("status", "ACTIVE");
        json.WriteString("name", row.Name);
        json.WriteString("secret_type", row.SecretType);
        json.WriteString("expiration", row.ExpiresAt is { } expires ? Written.Time(expires) : null);
        json.WriteString("algorithm", row.Algorithm);
        json.NumberOrNull("bit_length", row.BitLength);
        json.WriteString("mode", row.Mode);
        json.WriteString("creator_id", row.CreatorId);
        if (call.Version.Minor >= 1)
        {
            json.WriteStartArray("consumers");
            foreach (var consumer in consumers)
            {
                json.WriteStartObject();
                json.WriteString("service", consumer.Service);
                json.WriteString("resource_type", consumer.ResourceType);
                json.WriteString("resource_id", consumer.ResourceId);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (row.ContentType is { } type) json.Texts("content_types", [KeyValuePair.Create("default", type)]);
        json.WriteString("secret_ref", call.Link("/secrets/" + row.Id));
    }
}
