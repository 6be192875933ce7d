using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Users;

internal sealed record UserBody(UserWrite User);

/// <summary>What a client sends to create or change a user.</summary>
internal sealed record UserWrite
{
    public string? Name { get; set; }

    public string? DomainId { get; set; }

    public string? Password { get; set; }

    public bool? Enabled { get; set; }

    public Optional<string> DefaultProjectId { get; set; }

    public JsonElement? Options { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record PasswordBody(PasswordWrite User);

internal sealed record PasswordWrite(string Password, string OriginalPassword);

internal sealed record UserView(
    string Id, string Name, string DomainId, bool Enabled,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? DefaultProjectId,
    string? PasswordExpiresAt, JsonElement Options, SelfLink Links)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static UserView From(UserRow row, House house, bool inside = false) => new(
        row.Id, row.Name, row.DomainId, row.Enabled, row.DefaultProjectId, Times.Bare(row.PasswordExpiresAt), Members.Parse(row.Options),
        new(house.Link("/users/" + row.Id)))
    {
        Others = Members.Show(row.Extra, inside),
    };
}

[JsonSerializable(typeof(UserBody))]
[JsonSerializable(typeof(PasswordBody))]
[JsonSerializable(typeof(UserView))]
internal sealed partial class UserJson : JsonSerializerContext
{
    public static readonly UserJson Wire = new(WireJson.Options(refuseUnknown: false));
}
