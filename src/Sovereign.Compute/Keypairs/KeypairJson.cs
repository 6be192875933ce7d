using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Keypairs;

internal sealed record KeypairCreateBody(KeypairCreate Keypair);

internal sealed record KeypairCreate(string Name, string? PublicKey = null, string? Type = null, string? UserId = null);

[JsonSerializable(typeof(KeypairCreateBody))]
[JsonSerializable(typeof(KeypairDocument))]
internal sealed partial class KeypairJson : JsonSerializerContext
{
    public static readonly KeypairJson Wire = new(WireJson.Options());
}

/// <summary>A key pair on the wire.</summary>
internal static class KeypairView
{
    /// <summary>In a list, each key pair is an object inside an object.</summary>
    public static void Listed(Utf8JsonWriter json, KeypairRow row, Microversion version)
    {
        json.WriteStartObject("keypair");
        Common(json, row, version);
        json.WriteEndObject();
    }

    public static void Shown(Utf8JsonWriter json, KeypairRow row, Microversion version)
    {
        Common(json, row, version);
        json.WriteString("created_at", Kernel.Sources.Micros.ToMicrosBare(row.CreatedAt));
        json.WriteBoolean("deleted", false);
        json.WriteNull("deleted_at");
        json.WriteNumber("id", row.Number);
        json.WriteString("user_id", row.UserId);
        json.WriteNull("updated_at");
    }

    public static void Made(Utf8JsonWriter json, KeypairRow row, string? privateKey, Microversion version)
    {
        Common(json, row, version);
        json.WriteString("user_id", row.UserId);
        if (privateKey is not null) json.WriteString("private_key", privateKey);
    }

    private static void Common(Utf8JsonWriter json, KeypairRow row, Microversion version)
    {
        json.WriteString("name", row.Name);
        json.WriteString("public_key", row.PublicKey);
        json.WriteString("fingerprint", row.Fingerprint);
        if (version.Has(2)) json.WriteString("type", row.Type);
    }
}
