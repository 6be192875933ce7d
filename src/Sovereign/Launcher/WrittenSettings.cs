using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sovereign.Launcher;

/// <summary>
/// Settings as written, before validation; null is "not set". Faults found while reading travel along, so that all are reported at
/// once.
/// </summary>
public sealed record WrittenSettings
{
    public string? Data { get; init; }
    public string? Listen { get; init; }
    public string? PublicUrl { get; init; }
    public string? Region { get; init; }
    public string? ExternalCidr { get; init; }
    public string? Database { get; init; }
    public string? ImageImportFrom { get; init; }
    public string? ImageImportDirectory { get; init; }
    public string? ImageFormat { get; init; }
    public IReadOnlyList<string> Faults { get; init; } = [];

    public const int FileBytesMax = 64 * 1024;

    /// <summary>These settings where set, the others where not.</summary>
    public WrittenSettings Over(WrittenSettings others) => new()
    {
        Data = Data ?? others.Data,
        Listen = Listen ?? others.Listen,
        PublicUrl = PublicUrl ?? others.PublicUrl,
        Region = Region ?? others.Region,
        ExternalCidr = ExternalCidr ?? others.ExternalCidr,
        Database = Database ?? others.Database,
        ImageImportFrom = ImageImportFrom ?? others.ImageImportFrom,
        ImageImportDirectory = ImageImportDirectory ?? others.ImageImportDirectory,
        ImageFormat = ImageFormat ?? others.ImageFormat,
        Faults = [.. Faults, .. others.Faults],
    };

    /// <summary>Reads a YAML file; a file that cannot be read is a fault too.</summary>
    public static WrittenSettings FromFile(string path)
    {
        try
        {
            if (new FileInfo(path).Length > FileBytesMax) return Fault($"{path}: is larger than {FileBytesMax} bytes.");
            return Parse(path, File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Fault($"{path}: {exception.Message}");
        }
    }

    /// <summary>Reads YAML text; <paramref name="name"/> is said in faults.</summary>
    public static WrittenSettings Parse(string name, string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            return Fault($"{name}: line {exception.Start.Line}: is not YAML: {exception.Message}");
        }
        if (stream.Documents.Count == 0) return new WrittenSettings();
        if (stream.Documents is not [{ RootNode: YamlMappingNode root }]) return Fault($"{name}: must be one mapping of settings.");

        var settings = new WrittenSettings();
        var faults = new List<string>();
        foreach (var (keyNode, valueNode) in root.Children)
        {
            var key = (keyNode as YamlScalarNode)?.Value ?? "";
            if (valueNode is not YamlScalarNode { Value: { Length: > 0 } value })
            {
                faults.Add($"{name}: {key}: must have one text as its value.");
                continue;
            }
            switch (key)
            {
                case "data": settings = settings with { Data = value }; break;
                case "listen": settings = settings with { Listen = value }; break;
                case "public_url": settings = settings with { PublicUrl = value }; break;
                case "region": settings = settings with { Region = value }; break;
                case "external_cidr": settings = settings with { ExternalCidr = value }; break;
                case "database": settings = settings with { Database = value }; break;
                case "image_import_from": settings = settings with { ImageImportFrom = value }; break;
                case "image_import_directory": settings = settings with { ImageImportDirectory = value }; break;
                case "image_format": settings = settings with { ImageFormat = value }; break;
                default:
                    faults.Add($"{name}: {key}: is not a setting; there are data, listen, public_url, region, external_cidr, database, image_import_from, "
                        + "image_import_directory, image_format.");
                    break;
            }
        }
        return settings with { Faults = faults };
    }

    /// <summary>The file that the running cloud reads: what was decided, so that a later start needs no arguments.</summary>
    public static string Write(CloudOptions options)
    {
        var text = new StringBuilder("# Written by \"sovereign up\"; give it other settings to change them.\n");
        text.Append($"listen: \"{options.Listen}\"\n");
        if (options.PublicUrl != $"https://{options.Listen}") text.Append($"public_url: \"{options.PublicUrl}\"\n");
        text.Append($"region: \"{options.Region}\"\n");
        if (options.ExternalCidr is not null) text.Append($"external_cidr: \"{options.ExternalCidr}\"\n");
        if (options.Database is not null) text.Append($"database: '{options.Database.Replace("'", "''", StringComparison.Ordinal)}'\n");
        if (options.ImageImport is { } image)
        {
            if (image.PrivateNetworks.Count > 0) text.Append($"image_import_from: \"{string.Join(", ", image.PrivateNetworks)}\"\n");
            if (image.Directory is not null) text.Append($"image_import_directory: '{image.Directory.Replace("'", "''", StringComparison.Ordinal)}'\n");
            if (image.Format is not null) text.Append($"image_format: \"{image.Format}\"\n");
        }
        return text.ToString();
    }

    private static WrittenSettings Fault(string fault) => new() { Faults = [fault] };
}
