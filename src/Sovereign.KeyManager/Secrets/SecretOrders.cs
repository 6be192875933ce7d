using System.Text;
using Sovereign.Kernel.Outcomes;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Secrets;

/// <summary>What a new secret must be, without I/O.</summary>
internal static class SecretOrders
{
    /// <summary>Largest payload as it comes, letters or bytes: the original's default.</summary>
    public const int PayloadBytesMax = 20_000;

    private const long BitLengthMax = 32_767;
    private const string Schema = "Secret";

    public static Fault TooLarge => new Fault.TooLarge("Provided information too large to process");

    /// <summary>The row that the wish describes, without owner and id, and its payload; null when it comes later.</summary>
    /// <param name="now">Microseconds UTC.</param>
    public static Outcome<(SecretRow Row, byte[]? Payload)> Read(SecretWish wish, long now)
    {
        var row = Described(wish, now, Schema);
        if (row.Fault is { } wrong) return wrong;
        if (!wish.Payload.Given)
        {
            return wish.PayloadContentType is null ? (row.Value, null)
                : KeyFaults.Mismatch(Schema, "payload must be provided when payload_content_type is specified", "payload");
        }

        var payload = Payload(wish);
        return payload.Map(plain => (row.Value with { ContentType = plain.Type }, (byte[]?)plain.Bytes));
    }

    /// <summary>All of a secret but its payload: also what an order asks for.</summary>
    public static Outcome<SecretRow> Described(SecretWish wish, long now, string schema)
    {
        if ((KeyFaults.TooLong(schema, "name", wish.Name) ?? KeyFaults.TooLong(schema, "algorithm", wish.Algorithm)
            ?? KeyFaults.TooLong(schema, "mode", wish.Mode)) is { } large) return large;
        if (wish.BitLength is < 1 or > BitLengthMax) return KeyFaults.Mismatch(schema, $"{wish.BitLength} is not between 1 and {BitLengthMax}", "bit_length");
        if (wish.SecretType is { } type && !SecretRow.Types.Contains(type))
        {
            return KeyFaults.Mismatch(schema, $"'{type}' is not one of ['symmetric', 'passphrase', 'private', 'public', 'certificate', 'opaque']", "secret_type");
        }

        long? expires = null;
        if (!string.IsNullOrWhiteSpace(wish.Expiration))
        {
            if (SecretQuery.Time(wish.Expiration) is not { } time) return KeyFaults.Mismatch(schema, "Invalid date for 'expiration'", "expiration");
            if (time <= now) return KeyFaults.Mismatch(schema, "'expiration' is before current time", "expiration");
            expires = time;
        }

        return new SecretRow
        {
            Name = wish.Name?.Trim(), Algorithm = wish.Algorithm, Mode = wish.Mode, BitLength = wish.BitLength,
            SecretType = wish.SecretType ?? "opaque", ExpiresAt = expires,
        };
    }

    private static Outcome<(string Type, byte[] Bytes)> Payload(SecretWish wish)
    {
        if (wish.PayloadContentType is not { } given)
        {
            return KeyFaults.Mismatch(Schema, "If 'payload' is supplied, 'payload_content_type' must also be supplied.", "payload_content_type");
        }

        if (PayloadTypes.Plain(given) is not { } type)
        {
            return KeyFaults.Mismatch(Schema, $"payload_content_type is not one of {PayloadTypes.Supported}", "payload_content_type");
        }

        // What is no text comes as text all the same, in JSON.
        var expected = type == PayloadTypes.Text ? null : "base64";
        if (wish.PayloadContentEncoding != expected)
        {
            return KeyFaults.Mismatch(
                Schema, $"payload_content_encoding is not one of {(expected is null ? "None" : "['base64', 'binary']")}", "payload_content_encoding");
        }

        var text = wish.Payload.Value?.Trim() ?? "";
        if (text.Length == 0) return KeyFaults.Mismatch(Schema, "If 'payload' specified, must be non empty", "payload");
        if (Encoding.UTF8.GetByteCount(text) > PayloadBytesMax) return TooLarge;
        var bytes = expected is null ? Encoding.UTF8.GetBytes(text) : PayloadTypes.FromBase64(text);
        return bytes is { Length: > 0 } ? (type, bytes) : KeyFaults.Mismatch(Schema, "Invalid payload for payload_content_encoding", "payload");
    }
}
