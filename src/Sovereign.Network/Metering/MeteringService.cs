using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Metering;

internal sealed class MeteringService(KernelServices kernel, FabricPlan fabric)
{
    private const int DescriptionCharactersMax = 1024;

    public static readonly Room<MeteringLabelRow, MeteringLabelView> Labels = new(
        Kinds.MeteringLabel, "metering_labels", "/v2.0/metering/metering-labels", MeteringStore.Labels, MeteringStore.FindLabel, LabelMissing,
        (_, rows, _) => rows.Select(row => row.ToView()).ToList(), NetworkJson.Wire.MeteringLabelView)
    {
        Counted = _ => false,
    };

    public static readonly Room<MeteringRuleRow, MeteringRuleView> Rules = new(
        Kinds.MeteringRule, "metering_label_rules", "/v2.0/metering/metering-label-rules", MeteringStore.Rules, MeteringStore.FindRule,
        id => NetworkFaults.Missing("MeteringLabelRuleNotFound", $"Metering label rule '{id}' does not exist."),
        (_, rows, _) => rows.Select(row => row.ToView()).ToList(), NetworkJson.Wire.MeteringRuleView)
    {
        Counted = _ => false,
    };

    private static Fault LabelMissing(string id) => NetworkFaults.Missing("MeteringLabelNotFound", $"Metering label '{id}' does not exist.");

    public Outcome<MeteringLabelRow> CreateLabel(Tx tx, AccessGrant access, MeteringLabelWish wish)
    {
        if (Attributes.Texts(("name", wish.Name)) is { } text) return text;
        if (Attributes.Texts([("description", wish.Description)], DescriptionCharactersMax) is { } longText) return longText;
        if (Attributes.Booleans(("shared", wish.Shared)) is { } boolean) return boolean;
        var project = Attributes.Project(access, "create_metering_label", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var row = new MeteringLabelRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            Shared = wish.Shared.OrFalse(), CreatedAt = tx.Now,
        };
        MeteringStore.Insert(tx, row);
        fabric.RoutersMetered(tx, row);
        Labels.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<Done> DeleteLabel(Tx tx, AccessGrant access, MeteringLabelRow row)
    {
        foreach (var rule in MeteringStore.RulesOf(tx, [row.Id])) Rules.Remove(tx, kernel, rule, MeteringStore.DeleteRule);
        Labels.Remove(tx, kernel, row, MeteringStore.DeleteLabel);
        fabric.RoutersMetered(tx, row);
        return Done.Value;
    }

    public Outcome<MeteringRuleRow> CreateRule(Tx tx, AccessGrant access, MeteringRuleWish wish)
    {
        if (Attributes.Booleans(("excluded", wish.Excluded)) is { } boolean) return boolean;
        if (wish.MeteringLabelId.Or(null) is not { } labelId) return Required("metering_label_id");
        if (wish.Direction.Or(null) is not { } direction) return Required("direction");
        if (direction is not (Directions.Ingress or Directions.Egress)) return NetworkFaults.Attribute("direction", $"'{direction}' is not in ['ingress', 'egress']");
        var project = Attributes.Project(access, "create_metering_label_rule", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var label = Labels.Visible(tx, access, labelId);
        if (label.Fault is { } missing) return missing;
        var prefixes = Prefixes(wish);
        if (prefixes.Fault is { } wrong) return wrong;
        var (remote, source, destination) = prefixes.Value;
        var row = new MeteringRuleRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = label.Value.ProjectId, LabelId = labelId, Direction = direction, Excluded = wish.Excluded.OrFalse(),
            RemotePrefix = remote, SourcePrefix = source, DestinationPrefix = destination, CreatedAt = tx.Now,
        };
        if (MeteringStore.RulesOf(tx, [labelId]).Exists(row.Overlaps))
        {
            return NetworkFaults.Conflict("MeteringLabelRuleOverlaps", $"Metering label rule with remote_ip_prefix '{remote}' overlaps another.");
        }

        MeteringStore.Insert(tx, row);
        fabric.RoutersMetered(tx, label.Value);
        Rules.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<Done> DeleteRule(Tx tx, AccessGrant access, MeteringRuleRow row)
    {
        Rules.Remove(tx, kernel, row, MeteringStore.DeleteRule);
        fabric.RoutersMetered(tx, MeteringStore.FindLabel(tx, row.LabelId)!);
        return Done.Value;
    }

    private static Outcome<(string? Remote, string? Source, string? Destination)> Prefixes(MeteringRuleWish wish)
    {
        var read = new List<Cidr?>();
        foreach (var (name, wished) in new[]
        {
            ("remote_ip_prefix", wish.RemoteIpPrefix), ("source_ip_prefix", wish.SourceIpPrefix), ("destination_ip_prefix", wish.DestinationIpPrefix),
        })
        {
            if (wished.Or(null) is not { Length: > 0 } text) read.Add(null);
            else if (Cidr.TryParse(text, out var range, bare: true)) read.Add(range);
            else return NetworkFaults.Attribute(name, $"'{text}' is not a valid IP subnet");
        }

        if (read.TrueForAll(range => range is null))
        {
            return NetworkFaults.Refused(
                "Invalid", "You must define at least one of the following parameters 'remote_ip_prefix', or 'source_ip_prefix' or 'destination_ip_prefix'.");
        }

        if (read[0] is not null && (read[1] ?? read[2]) is not null)
        {
            return NetworkFaults.Refused("Invalid", "Cannot use 'remote-ip-prefix' in conjunction with 'source-ip-prefix' or 'destination-ip-prefix'.");
        }

        // No packet has a source of one version and a destination of the other.
        if (read[1] is { } from && read[2] is { } to && from.Version != to.Version)
        {
            return NetworkFaults.Refused("Invalid", "'source_ip_prefix' and 'destination_ip_prefix' must be of one IP version.");
        }

        return (read[0]?.ToString(), read[1]?.ToString(), read[2]?.ToString());
    }

    private static Fault.Invalid Required(string name) => new(name, $"Failed to parse request. Required attribute '{name}' not specified");
}
