using System.Text.Json.Serialization;

namespace Sovereign.Launcher;

/// <summary>What GET /status answers: whether a server could be created now, and if not, why.</summary>
/// <param name="Ready">True: the API answers, the node is up, the test image is active, and a server could be created now.</param>
/// <param name="Message">What is missing for being ready, as a sentence.</param>
public sealed record CloudStatus(
    bool Ready, string Version, IReadOnlyList<ServiceStatus> Services, IReadOnlyList<NodeStatus> Nodes, ImageStatus? Image = null,
    string? Message = null);

/// <summary>One service, as status shows it.</summary>
/// <param name="Url">Public endpoint of the service.</param>
public sealed record ServiceStatus(string Name, string Status, string? Url = null);

/// <summary>One node, as status shows it.</summary>
public sealed record NodeStatus(string Name, string Status);

/// <summary>The first image, as status shows it.</summary>
public sealed record ImageStatus(string Name, string Status);

/// <summary>JSON of the status.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CloudStatus))]
public sealed partial class CloudStatusJson : JsonSerializerContext;
