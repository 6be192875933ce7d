using System.Buffers.Text;
using Sovereign.Kernel.Sources;
using Sovereign.Launcher;
using YamlDotNet.RepresentationModel;

namespace Sovereign.Serve;

/// <summary>The passwords of the first two users, and the clouds.yaml that carries them to the operator (mode 0600).</summary>
/// <param name="Admin">Of the system administrator, cloud "sovereign-admin".</param>
/// <param name="Demo">Of the ordinary user, cloud "sovereign".</param>
internal sealed record FirstPasswords(string Admin, string Demo)
{
    private const int PasswordBytes = 18;

    /// <summary>Reads them back, or makes them and writes the file before the users exist: a crash between leaves a file whose passwords then become true.</summary>
    public static FirstPasswords LoadOrCreate(CloudOptions options, IRandomness randomness)
    {
        var path = options.Directory.Clouds;
        if (File.Exists(path) && Read(path) is { } known)
        {
            Write(path, options, known);
            return known;
        }

        var made = new FirstPasswords(Base64Url.EncodeToString(randomness.Bytes(PasswordBytes)), Base64Url.EncodeToString(randomness.Bytes(PasswordBytes)));
        Write(path, options, made);
        return made;
    }

    private static FirstPasswords? Read(string path)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(path)));
        if (yaml.Documents.Count == 0 || yaml.Documents[0].RootNode is not YamlMappingNode root) return null;
        return Password(root, "sovereign-admin") is { } admin && Password(root, "sovereign") is { } demo ? new FirstPasswords(admin, demo) : null;
    }

    private static string? Password(YamlMappingNode root, string cloud)
    {
        YamlNode? node = root;
        foreach (var key in (string[])["clouds", cloud, "auth", "password"])
        {
            if (node is not YamlMappingNode mapping || !mapping.Children.TryGetValue(new YamlScalarNode(key), out node)) return null;
        }

        return (node as YamlScalarNode)?.Value;
    }

    /// <summary>In place: the launcher made the file with the control plane as its owner, in a directory that is root's.</summary>
    private static void Write(string path, CloudOptions options, FirstPasswords passwords)
    {
        var text = $"""
            # Written by sovereign. Use it with: export OS_CLIENT_CONFIG_FILE={path} OS_CLOUD=sovereign
            clouds:
            {Cloud("sovereign-admin", "admin", passwords.Admin, "admin", options)}
            {Cloud("sovereign", "demo", passwords.Demo, "demo", options)}
            """ + "\n";
        if (File.Exists(path) && File.ReadAllText(path) == text) return;
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate, Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.SetLength(0);
        file.Write(System.Text.Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    private static string Cloud(string name, string user, string password, string project, CloudOptions options) =>
        $"""
          {name}:
            auth:
              auth_url: {options.PublicUrl}/identity/v3
              username: {user}
              password: {password}
              project_name: {project}
              user_domain_name: Default
              project_domain_name: Default
            region_name: {options.Region}
            cacert: {options.Directory.CaCertificate}
            interface: public
            identity_api_version: "3"
        """;
}
