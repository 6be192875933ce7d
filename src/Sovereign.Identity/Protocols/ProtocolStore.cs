using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Protocols;

internal static class ProtocolStore
{
    public static readonly ListShape Shape = new("federation_protocols p", "p.protocol_id", [], [new("id")], House.PageItemsMax);

    /// <param name="id">Provider, slash, protocol.</param>
    public static ProtocolRow? Find(Session session, string id) => id.Split('/') is [var idpId, var protocolId]
        ? session.FirstOrDefault<ProtocolRow>(
            "SELECT * FROM federation_protocols WHERE idp_id = @idpId AND protocol_id = @protocolId", new { idpId, protocolId })
        : null;

    public static List<ProtocolRow> OfProvider(Session session, string idpId) =>
        session.Query<ProtocolRow>("SELECT * FROM federation_protocols WHERE idp_id = @idpId ORDER BY protocol_id", new { idpId });

    /// <returns>False when the provider has the protocol already.</returns>
    public static bool Insert(Tx tx, ProtocolRow row) => tx.Execute(
        """
        INSERT INTO federation_protocols (idp_id, protocol_id, mapping_id, remote_id_attribute)
        VALUES (@IdpId, @ProtocolId, @MappingId, @RemoteIdAttribute) ON CONFLICT DO NOTHING
        """,
        row) == 1;

    public static void Update(Tx tx, ProtocolRow row) => tx.Execute(
        """
        UPDATE federation_protocols SET mapping_id = @MappingId, remote_id_attribute = @RemoteIdAttribute
        WHERE idp_id = @IdpId AND protocol_id = @ProtocolId
        """,
        row);

    public static void Delete(Tx tx, ProtocolRow row) =>
        tx.Execute("DELETE FROM federation_protocols WHERE idp_id = @IdpId AND protocol_id = @ProtocolId", row);
}
