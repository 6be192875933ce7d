using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Sovereign.Image;
using Sovereign.Launcher;

namespace Sovereign.Serve;

/// <summary>Registers the small test image that the launcher installed, so that a VM starts in seconds on any machine, also without internet.</summary>
internal sealed class FirstImage(CloudOptions options, ImageModule images, ILogger log)
{
    private readonly TinyImage data = Load();

    public string Name => data.Name;

    /// <summary>Null until registered.</summary>
    public string? Id { get; private set; }

    /// <summary>What the status page says while there is no id.</summary>
    public string State { get; private set; } = "queued";

    public async Task Register(string ownerProjectId, CancellationToken stop)
    {
        var path = options.Directory.TinyImage;
        if (!File.Exists(path))
        {
            State = $"missing: {path} is not there; run \"sovereign up\" again";
            return;
        }

        var date = File.Exists(options.Directory.TinyImageDate) ? (await File.ReadAllTextAsync(options.Directory.TinyImageDate, stop)).Trim() : "";
        var properties = new Dictionary<string, string>(data.Properties) { ["image_build_date"] = date };
        var registered = await images.Register(data.Name, path, data.DiskFormat, properties, data.MinDiskGib, data.MinRamMib, ownerProjectId, stop);
        if (registered.Fault is { } fault)
        {
            State = "failed: " + fault.Message;
            log.LogError("The image {Name} could not be registered: {Reason}", data.Name, fault.Message);
            return;
        }

        Id = registered.Value;
    }

    private static TinyImage Load()
    {
        using var stream = typeof(FirstImage).Assembly.GetManifestResourceStream("tiny-image.json")!;
        return JsonSerializer.Deserialize(stream, TinyImageJson.Default.TinyImage)!;
    }
}

internal sealed record TinyImage(string Name, string DiskFormat, int MinDiskGib, int MinRamMib, Dictionary<string, string> Properties);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TinyImage))]
internal sealed partial class TinyImageJson : JsonSerializerContext;
