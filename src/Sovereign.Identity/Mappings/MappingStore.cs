using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Mappings;

internal static class MappingStore
{
    public static readonly ListShape Shape = new("federation_mappings m", "m.id", [], [new("id")], House.PageItemsMax);

    public static MappingRow? Find(Session session, string id) =>
        session.FirstOrDefault<MappingRow>("SELECT * FROM federation_mappings WHERE id = @id", new { id });

    /// <returns>False when the id is taken.</returns>
    public static bool Insert(Tx tx, MappingRow row) => tx.Execute(
        "INSERT INTO federation_mappings (id, rules, schema_version) VALUES (@Id, @Rules, @SchemaVersion) ON CONFLICT DO NOTHING", row) == 1;

    public static void Update(Tx tx, MappingRow row) =>
        tx.Execute("UPDATE federation_mappings SET rules = @Rules, schema_version = @SchemaVersion WHERE id = @Id", row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM federation_mappings WHERE id = @id", new { id });
}
