using System.Text.Json;
using Sovereign.Kernel.Access;

namespace Sovereign.Compute.Servers.Copies;

/// <summary>Who started a server, under the names that images made of it have.</summary>
internal static class BootedBy
{
    public static string Text(Caller caller) => JsonSerializer.Serialize(
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["owner_user_name"] = caller.UserName,
            ["owner_project_name"] = caller.ProjectName ?? "",
            ["boot_roles"] = string.Join(',', caller.Roles.Order(StringComparer.Ordinal)),
        },
        ServerJson.Wire.DictionaryStringString);

    public static IReadOnlyDictionary<string, string> Properties(ServerRow row) => row.BootedBy is { } text
        ? JsonSerializer.Deserialize(text, ServerJson.Wire.DictionaryStringString)!
        : [];
}
