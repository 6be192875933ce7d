using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sovereign.Launcher;

/// <summary>
/// Settings as written, by name, before validation. Faults found while reading travel along, so that all are reported at once.
/// </summary>
public sealed record WrittenSettings(IReadOnlyDictionary<string, string> Values, IReadOnlyList<string> Faults)
{
    public const int FileBytesMax = 64 * 1024;

    public static readonly WrittenSettings None = new(new Dictionary<string, string>(), []);

    /// <summary>What stands for the name, or null: not set.</summary>
    public string? this[string name] => Values.GetValueOrDefault(name);

    /// <summary>These settings and one more; null adds none.</summary>
    public WrittenSettings With(string name, string? value)
        => value is null ? this : this with { Values = new Dictionary<string, string>(Values) { [name] = value } };

    /// <summary>These settings where set, the others where not.</summary>
    public WrittenSettings Over(WrittenSettings others)
    {
        var values = new Dictionary<string, string>(others.Values);
        foreach (var (name, value) in Values) values[name] = value;
        return new WrittenSettings(values, [.. Faults, .. others.Faults]);
    }

    /// <summary>A whole number from 0 to a limit, or what stands where nothing is set.</summary>
    internal int Number(string name, int most, int standard, List<string> faults)
    {
        if (this[name] is not { } text) return standard;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most) return number;
        faults.Add($"{name}: '{text}' must be a number from 0 to {most}.");
        return standard;
    }

    /// <summary>A ratio from 1 (nothing is promised twice) to a limit.</summary>
    internal double Ratio(string name, double most, double standard, List<string> faults)
    {
        if (this[name] is not { } text) return standard;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio) && ratio >= 1 && ratio <= most) return ratio;
        faults.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: '{text}' must be a number from 1 to {most}, such as 1.5."));
        return standard;
    }

    internal bool Flag(string name, bool standard, List<string> faults)
    {
        if (this[name] is not { } text) return standard;
        if (text is "true" or "false") return text == "true";
        faults.Add($"{name}: '{text}' must be true or false.");
        return standard;
    }

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
        if (stream.Documents.Count == 0) return None;
        if (stream.Documents is not [{ RootNode: YamlMappingNode root }]) return Fault($"{name}: must be one mapping of settings.");

        var values = new Dictionary<string, string>();
        var faults = new List<string>();
        foreach (var (keyNode, valueNode) in root.Children)
        {
            var key = (keyNode as YamlScalarNode)?.Value ?? "";
            if (valueNode is not YamlScalarNode { Value: { Length: > 0 } value }) faults.Add($"{name}: {key}: must have one text as its value.");
            else if (SettingNames.All.Contains(key)) values[key] = value;
            else faults.Add($"{name}: {key}: is not a setting; there are {string.Join(", ", SettingNames.All)}.");
        }
        return new WrittenSettings(values, faults);
    }

    /// <summary>The file that the running cloud reads: what was decided, so that a later start needs no arguments.</summary>
    public static string Write(CloudOptions options)
    {
        var text = new StringBuilder("# Written by \"sovereign up\"; give it other settings to change them.\n");
        foreach (var name in SettingNames.All)
            // A quoted text of YAML has no escapes but the doubled quote.
            if (name != SettingNames.Data && options.Decided[name] is { } value) text.Append($"{name}: '{value.Replace("'", "''", StringComparison.Ordinal)}'\n");
        return text.ToString();
    }

    private static WrittenSettings Fault(string fault) => None with { Faults = [fault] };
}
