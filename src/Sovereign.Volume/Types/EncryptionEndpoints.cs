using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Types;

/// <summary>Routes of the encryption specs of types.</summary>
internal sealed class EncryptionEndpoints(TypeService types)
{
    public void Map(BothRoutes api)
    {
        api.Get("/types/{id}/encryption", "volume:encryption:show", call => Task.FromResult(Show(call)));
        api.Post("/types/{id}/encryption", "volume:encryption:change", call => Set(call, create: true));
        api.Get("/types/{id}/encryption/{encryption}", "volume:encryption:show", call => Task.FromResult(Item(call)));
        api.Put("/types/{id}/encryption/{encryption}", "volume:encryption:change", call => Set(call, create: false));
        // A type has one encryption at most, whatever it is called in the path.
        api.Delete("/types/{id}/encryption/{encryption}", "volume:encryption:change", async call => Answer.Of(
            await types.Decrypt(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(202)));
    }

    private Answer Show(Call call) => Answer.Of(types.Find(call.Access, call.Route("id")), row => Render.Json(200, json =>
    {
        json.WriteStartObject();
        if (row.Encrypted)
        {
            Lines(json, row);
            json.WriteString("volume_type_id", row.Id);
            json.WriteString("encryption_id", row.EncryptionId);
            json.TimeOrNull("created_at", row.EncryptionAt);
            json.WriteNull("updated_at");
            json.WriteBoolean("deleted", false);
            json.WriteNull("deleted_at");
        }

        json.WriteEndObject();
    }));

    /// <summary>One of the specs, by its name.</summary>
    private Answer Item(Call call) => Answer.Of(types.Find(call.Access, call.Route("id")), row =>
    {
        var name = call.Route("encryption");
        var value = name switch
        {
            "provider" => row.Provider,
            "cipher" => row.Cipher,
            "key_size" => row.KeySize?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "control_location" => row.ControlLocation,
            _ => null,
        };
        if (value is null) return VolumeFaults.Missing("The resource could not be found.");
        return Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString(name, value);
            json.WriteEndObject();
        });
    });

    private async Task<Answer> Set(Call call, bool create)
    {
        var body = await call.Body(TypeJson.Wire.EncryptionBody);
        if (body.Fault is { } malformed) return malformed;
        return Answer.Of(await types.Encrypt(call.Access, call.Route("id"), body.Value.Encryption, create, call.Stop), row => Render.Object(200, "encryption", json =>
        {
            Lines(json, row);
            if (!create) return;
            json.WriteString("volume_type_id", row.Id);
            json.WriteString("encryption_id", row.EncryptionId);
        }));
    }

    private static void Lines(System.Text.Json.Utf8JsonWriter json, TypeRow row)
    {
        json.WriteString("provider", row.Provider);
        json.WriteString("cipher", row.Cipher);
        json.NumberOrNull("key_size", row.KeySize);
        json.WriteString("control_location", row.ControlLocation);
    }
}
