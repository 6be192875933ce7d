using System.Text.Json.Serialization;

namespace Sovereign.Image.Imports;

internal sealed record ImportBody(ImportMethodBody Method, IReadOnlyList<string>? Stores = null, bool? AllStores = null, bool? AllStoresMustSucceed = null);

/// <param name="Uri">For web-download.</param>
/// <param name="File">For copy-from-directory: a name in the operator's directory.</param>
internal sealed record ImportMethodBody(string Name, string? Uri = null, string? File = null);

internal sealed record ImportInfo([property: JsonPropertyName("import-methods")] ImportMethodInfo ImportMethods);

internal sealed record ImportMethodInfo(string Description, string Type, IReadOnlyList<string> Value);
