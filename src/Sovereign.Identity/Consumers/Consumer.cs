using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Consumers;

/// <summary>A program that is known for OAuth 1; its secret is computed with, so it is sealed.</summary>
internal sealed record ConsumerRow : IRow
{
    public string Id { get; init; } = "";

    public string? Description { get; init; }

    public byte[] Sealed { get; init; } = [];

    public string Extra { get; init; } = "{}";
}

internal static class ConsumerStore
{
    public static readonly ListShape Shape = new("oauth_consumers c", "c.id", [], [new("id")], House.PageItemsMax);

    public static ConsumerRow? Find(Session session, string id) =>
        session.FirstOrDefault<ConsumerRow>("SELECT * FROM oauth_consumers WHERE id = @id", new { id });

    public static void Insert(Tx tx, ConsumerRow row) => tx.Execute(
        "INSERT INTO oauth_consumers (id, description, sealed, extra) VALUES (@Id, @Description, @Sealed, @Extra)", row);

    public static void Update(Tx tx, ConsumerRow row) => tx.Execute(
        "UPDATE oauth_consumers SET description = @Description, extra = @Extra WHERE id = @Id", row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM oauth_consumers WHERE id = @id", new { id });
}

internal sealed record ConsumerBody(ConsumerWrite Consumer);

internal sealed record ConsumerWrite
{
    public Optional<string> Description { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record ConsumerView(string Id, string? Description, SelfLink Links)
{
    /// <summary>Shown once, in the answer to the creation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static ConsumerView From(ConsumerRow row, House house) =>
        new(row.Id, row.Description, new(house.Link("/OS-OAUTH1/consumers/" + row.Id))) { Others = Members.Show(row.Extra) };
}

[JsonSerializable(typeof(ConsumerBody))]
[JsonSerializable(typeof(ConsumerView))]
internal sealed partial class ConsumerJson : JsonSerializerContext
{
    public static readonly ConsumerJson Wire = new(WireJson.Options(refuseUnknown: false));
}
