using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sovereign.Kernel.Wire;

/// <summary>The one set of JSON options on the wire: snake_case, strict members, no duplicate keys, bounded depth, numbers also as strings (clients send both).</summary>
public static class WireJson
{
    private const int DepthMax = 32;

    /// <summary>Fresh options for a source-generated context: <c>new PortJson(WireJson.Options())</c>.</summary>
    /// <param name="refuseUnknown">True where the API refuses unknown members (Nova, Neutron); false where it ignores or keeps them (Keystone, Glance).</param>
    public static JsonSerializerOptions Options(bool refuseUnknown = true) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        UnmappedMemberHandling = refuseUnknown ? JsonUnmappedMemberHandling.Disallow : JsonUnmappedMemberHandling.Skip,
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = DepthMax,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}

/// <summary>A member of a request that may be left out: left out is not the same as null in updates.</summary>
[JsonConverter(typeof(OptionalConverterFactory))]
public readonly record struct Optional<T>(bool Given, T? Value)
{
    public T? Or(T? otherwise) => Given ? Value : otherwise;
}

/// <summary>Public because the source-generated contexts of other assemblies construct it.</summary>
public sealed class OptionalConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Optional<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(OptionalConverter<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;

    private sealed class OptionalConverter<T> : JsonConverter<Optional<T>>
    {
        public override bool HandleNull => true;

        public override Optional<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(true, (T?)JsonSerializer.Deserialize(ref reader, options.GetTypeInfo(typeof(T))));

        public override void Write(Utf8JsonWriter writer, Optional<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Value, options.GetTypeInfo(typeof(T)));
    }
}
