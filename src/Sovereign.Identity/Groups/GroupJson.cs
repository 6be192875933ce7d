using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Groups;

internal sealed record GroupBody(GroupWrite Group);

/// <summary>What a client sends to create or change a group.</summary>
internal sealed record GroupWrite
{
    public string? Name { get; set; }

    public string? DomainId { get; set; }

    public Optional<string> Description { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record GroupView(string Id, string Name, string DomainId, string Description, SelfLink Links)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static GroupView From(GroupRow row, House house) =>
        new(row.Id, row.Name, row.DomainId, row.Description, new(house.Link("/groups/" + row.Id))) { Others = Members.Show(row.Extra) };
}

/// <summary>A membership as the journal has it.</summary>
internal sealed record MembershipDocument(string GroupId, string UserId);

[JsonSerializable(typeof(GroupBody))]
[JsonSerializable(typeof(GroupView))]
[JsonSerializable(typeof(MembershipDocument))]
internal sealed partial class GroupJson : JsonSerializerContext
{
    public static readonly GroupJson Wire = new(WireJson.Options(refuseUnknown: false));
}
