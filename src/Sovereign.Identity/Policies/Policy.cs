using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Policies;

/// <summary>A text that the operator keeps for other services; nothing here reads it.</summary>
internal sealed record PolicyRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>Media type of the blob.</summary>
    public string Type { get; init; } = "";

    /// <summary>JSON: a text, or an object as some clients send it.</summary>
    public string Blob { get; init; } = "";

    public string Extra { get; init; } = "{}";
}

internal static class PolicyStore
{
    public static readonly ListShape Shape = new("policies p", "p.id", [new("type", "p.type")], [new("id")], House.PageItemsMax);

    public static PolicyRow? Find(Session session, string id) => session.FirstOrDefault<PolicyRow>("SELECT * FROM policies WHERE id = @id", new { id });

    public static void Put(Tx tx, PolicyRow row) => tx.Execute(
        """
        INSERT INTO policies (id, type, blob, extra) VALUES (@Id, @Type, @Blob, @Extra)
        ON CONFLICT (id) DO UPDATE SET type = excluded.type, blob = excluded.blob, extra = excluded.extra
        """,
        row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM policies WHERE id = @id", new { id });
}

internal sealed record PolicyBody(PolicyWrite Policy);

internal sealed record PolicyWrite
{
    public string? Type { get; set; }

    public JsonElement? Blob { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record PolicyView(string Id, string Type, JsonElement Blob, SelfLink Links)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static PolicyView From(PolicyRow row, House house) => new(row.Id, row.Type, Members.Parse(row.Blob), new(house.Link("/policies/" + row.Id)))
    {
        Others = Members.Show(row.Extra),
    };
}

[JsonSerializable(typeof(PolicyBody))]
[JsonSerializable(typeof(PolicyView))]
internal sealed partial class PolicyJson : JsonSerializerContext
{
    public static readonly PolicyJson Wire = new(WireJson.Options(refuseUnknown: false));
}
