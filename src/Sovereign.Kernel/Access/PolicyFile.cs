using YamlDotNet.RepresentationModel;

namespace Sovereign.Kernel.Access;

/// <summary>The operator's overrides of access rules: a YAML mapping of rule names to texts, for example <c>"network:networks:create": admin</c>.</summary>
public static class PolicyFile
{
    /// <exception cref="PolicyException">The file is no mapping of texts.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        var rules = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!File.Exists(path)) return rules;
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(path)));
        if (yaml.Documents.Count == 0) return rules;
        if (yaml.Documents[0].RootNode is not YamlMappingNode root) throw new PolicyException($"{path} must be a mapping of rule names to texts.");
        foreach (var (name, text) in root.Children)
        {
            rules[(name as YamlScalarNode)?.Value ?? ""] = (text as YamlScalarNode)?.Value ?? throw new PolicyException($"{path}: the rule {name} must be a text.");
        }

        return rules;
    }
}
