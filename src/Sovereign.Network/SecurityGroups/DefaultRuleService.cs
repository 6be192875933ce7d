using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.AddressGroups;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SecurityGroups;

/// <summary>What new security groups begin with; operators change it, groups that are there stay as they are.</summary>
internal sealed class DefaultRuleService(KernelServices kernel)
{
    private static readonly ListShape shape = new(
        "default_rules d",
        "d.id",
        [
            new("id", "d.id"), new("direction", "d.direction"), new("ethertype", "d.ethertype"), new("protocol", "d.protocol", Nullable: true),
            new("port_range_min", "d.port_min", ColumnKind.Number, Nullable: true), new("port_range_max", "d.port_max", ColumnKind.Number, Nullable: true),
            new("remote_ip_prefix", "d.remote_cidr", Nullable: true), new("remote_group_id", "d.remote_group_id", Nullable: true),
            new("remote_address_group_id", "d.remote_address_group_id", Nullable: true), new("description", "d.description", Nullable: true),
            new("used_in_default_sg", "d.in_default", ColumnKind.Boolean), new("used_in_non_default_sg", "d.in_others", ColumnKind.Boolean),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static readonly Room<DefaultRuleRow, DefaultRuleView> Room = new(
        Kinds.DefaultRule, "default_security_group_rules", "/v2.0/default-security-group-rules", shape, Find,
        id => NetworkFaults.Missing("DefaultSecurityGroupRuleNotFound", $"Default Security Group rule {id} does not exist"),
        (_, rows, _) => rows.Select(row => row.ToView()).ToList(), NetworkJson.Wire.DefaultRuleView)
    {
        Listed = "@value = @value",
        Sees = (_, _, _) => true,
        Counted = _ => false,
    };

    /// <summary>The rules of a new group.</summary>
    public static List<RuleRow> For(Session session, GroupRow group) => session.Query<DefaultRuleRow>(
        $"SELECT * FROM default_rules WHERE {(group.IsDefault ? "in_default" : "in_others")} = 1 ORDER BY id").ConvertAll(row => row.For(group.Id));

    public Outcome<DefaultRuleRow> Create(Tx tx, AccessGrant access, DefaultRuleWish wish)
    {
        if (Attributes.Booleans(("used_in_default_sg", wish.UsedInDefaultSg), ("used_in_non_default_sg", wish.UsedInNonDefaultSg)) is { } boolean) return boolean;
        var rule = RuleRules.Check(wish.ToRule());
        if (rule.Fault is { } wrong) return wrong;
        if (rule.Value.RemoteGroupId is { } remote && remote != DefaultRuleRow.Parent
            && SecurityGroupService.Room.Visible(tx, access, remote).Fault is { } noGroup) return noGroup;
        if (rule.Value.RemoteAddressGroupId is { } addresses && AddressGroupService.Room.Visible(tx, access, addresses).Fault is { } noAddresses) return noAddresses;
        var row = new DefaultRuleRow
        {
            Id = kernel.Ids.Uuid(), Direction = rule.Value.Direction, Ethertype = rule.Value.Ethertype, Protocol = rule.Value.Protocol,
            PortMin = rule.Value.PortMin, PortMax = rule.Value.PortMax, RemoteCidr = rule.Value.RemoteCidr, NormalizedCidr = rule.Value.NormalizedCidr,
            RemoteGroupId = rule.Value.RemoteGroupId, RemoteAddressGroupId = rule.Value.RemoteAddressGroupId, Description = rule.Value.Description,
            InDefault = wish.UsedInDefaultSg.OrFalse(), InOthers = wish.UsedInNonDefaultSg.OrTrue(), Signature = rule.Value.Signature,
            CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        if (!Insert(tx, row))
        {
            return NetworkFaults.Conflict("DefaultSecurityGroupRuleExists", "Default Security Group rule already exists.");
        }

        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, DefaultRuleRow row)
    {
        Room.Remove(tx, kernel, row, (inside, id) => inside.Execute("DELETE FROM default_rules WHERE id = @id", new { id }));
        return Done.Value;
    }

    private static DefaultRuleRow? Find(Session session, string id) =>
        session.FirstOrDefault<DefaultRuleRow>("SELECT * FROM default_rules WHERE id = @id", new { id });

    private static bool Insert(Tx tx, DefaultRuleRow row) => tx.Execute(
        """
        INSERT INTO default_rules (id, direction, ethertype, protocol, port_min, port_max, remote_cidr, normalized_cidr, remote_group_id,
          remote_address_group_id, description, in_default, in_others, signature, created_at, updated_at, revision)
        VALUES (@Id, @Direction, @Ethertype, @Protocol, @PortMin, @PortMax, @RemoteCidr, @NormalizedCidr, @RemoteGroupId,
          @RemoteAddressGroupId, @Description, @inDefault, @inOthers, @Signature, @CreatedAt, @UpdatedAt, @Revision)
        ON CONFLICT (signature) DO NOTHING
        """,
        new
        {
            row.Id, row.Direction, row.Ethertype, row.Protocol, row.PortMin, row.PortMax, row.RemoteCidr, row.NormalizedCidr, row.RemoteGroupId,
            row.RemoteAddressGroupId, row.Description, inDefault = row.InDefault ? 1L : 0L, inOthers = row.InOthers ? 1L : 0L, row.Signature,
            row.CreatedAt, row.UpdatedAt, row.Revision,
        }) == 1;
}
