using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Sovereign.Launcher;

namespace Sovereign.ImageSync;

/// <summary>One image of the catalogue: where it comes from and what it is, as the standards on image metadata and on standard images ask.</summary>
/// <param name="Name">Its name in the cloud; {version} in it stands for what the operator selects.</param>
/// <param name="Status">mandatory, recommended or optional.</param>
/// <param name="Sources">Prefixes that the standard allows for image_source.</param>
/// <param name="Url">Where its publisher has it.</param>
/// <param name="Checksums">The publisher's list of SHA-256 or SHA-512 sums.</param>
/// <param name="MinDisk">GiB.</param>
/// <param name="MinRam">MiB.</param>
internal sealed record StandardImage(
    string Name, string Status, IReadOnlyList<string> Sources, string Url, string Checksums, string DiskFormat, int MinDisk, int MinRam,
    IReadOnlyList<string> Tags, Dictionary<string, string> Properties)
{
    /// <summary>True when the operator must say a version.</summary>
    public bool IsTemplate => Name.Contains("{version}", StringComparison.Ordinal);

    public StandardImage At(string version)
    {
        var minor = string.Join('.', version.Split('.').Take(2));
        return this with { Name = Fill(Name), Url = Fill(Url), Checksums = Fill(Checksums) };

        string Fill(string text) => text.Replace("{version}", version, StringComparison.Ordinal).Replace("{minor}", minor, StringComparison.Ordinal);
    }
}

/// <summary>The catalogue that comes with the program.</summary>
/// <param name="Properties">Of every image, unless it has its own.</param>
internal sealed partial record StandardImages(Dictionary<string, string> Properties, IReadOnlyList<StandardImage> Images)
{
    private static readonly string[] statuses = ["mandatory", "recommended", "optional"];

    public static StandardImages Load()
    {
        using var stream = typeof(StandardImages).Assembly.GetManifestResourceStream("standard-images.json")!;
        var read = JsonSerializer.Deserialize(stream, StandardImagesJson.Default.StandardImages)!;
        return read with
        {
            Images = read.Images.Select(image => image with
            {
                Properties = read.Properties.Concat(image.Properties).GroupBy(p => p.Key).ToDictionary(p => p.Key, p => p.Last().Value, StringComparer.Ordinal),
            }).ToList(),
        };
    }

    /// <summary>The images that were asked for by name, by status or as "all"; without a wish the mandatory and the recommended ones.</summary>
    /// <exception cref="LauncherException">A name is not in the catalogue.</exception>
    public IReadOnlyList<StandardImage> Select(IReadOnlyList<string> wanted)
    {
        if (wanted.Count == 0) wanted = ["mandatory", "recommended"];
        return wanted.SelectMany(One).DistinctBy(image => image.Name).ToList();
    }

    private IEnumerable<StandardImage> One(string wanted)
    {
        if (wanted == "all") return Images.Where(image => !image.IsTemplate);
        if (statuses.Contains(wanted)) return Images.Where(image => image.Status == wanted && !image.IsTemplate);
        if (Images.FirstOrDefault(image => image.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase) && !image.IsTemplate) is { } exact) return [exact];
        foreach (var template in Images.Where(image => image.IsTemplate))
        {
            var parts = template.Name.Split("{version}");
            if (!wanted.StartsWith(parts[0], StringComparison.Ordinal)) continue;
            if (Version().IsMatch(wanted[parts[0].Length..])) return [template.At(wanted[parts[0].Length..])];
        }

        var known = string.Join(", ", Images.Select(image => image.Name));
        throw new LauncherException($"'{wanted}' is not in the catalogue. It has: {known}; and all, {string.Join(", ", statuses)}.");
    }

    [GeneratedRegex("^[0-9]{1,3}\\.[0-9]{1,3}(\\.[0-9]{1,3})?$")]
    private static partial Regex Version();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StandardImages))]
internal sealed partial class StandardImagesJson : JsonSerializerContext;
