using Sovereign.Compute.Hosts;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Placement;

namespace Sovereign.Compute.Aggregates;

/// <summary>Aggregates: changed by administrators, mirrored in placement, looked at by the scheduler.</summary>
internal sealed class AggregateService(KernelServices kernel, HostService hosts, IPlacement placement)
{
    private const int TextLengthMax = 255;

    public List<Aggregate> List() => kernel.Database.Read(AggregateStore.All);

    public Outcome<Aggregate> Find(long number) => kernel.Database.Read(session => AggregateStore.Find(session, number)) is { } found ? found : Missing(number);

    public Task<Outcome<Aggregate>> Create(AccessGrant access, AggregateAsked asked, CancellationToken stop)
    {
        if (!asked.Name.Given) return Refused(new Fault.Invalid("name", "'name' is a required property"));
        if (Wrong(asked) is { } wrong) return Refused(wrong);
        return kernel.Queue.Write<Aggregate>(
            "aggregate.create",
            access.Origin,
            tx =>
            {
                var row = new AggregateRow { Number = AggregateStore.Number(tx), Id = kernel.Ids.Uuid(), Name = asked.Name.Value!, CreatedAt = tx.Now };
                if (asked.AvailabilityZone.Value is { } zone) row = row.With(new Dictionary<string, string> { [AggregateRow.ZoneKey] = zone });
                if (!AggregateStore.Insert(tx, row)) return Taken(row.Name);
                return Recorded(tx, new Aggregate(row, []), Kernel.Journal.Change.Created);
            },
            stop);
    }

    public Task<Outcome<Aggregate>> Update(AccessGrant access, long number, AggregateAsked asked, CancellationToken stop) => Wrong(asked) is { } wrong
        ? Refused(wrong)
        : Change(access, number, (tx, found) =>
        {
            var metadata = found.Row.MetadataMap();
            if (asked.AvailabilityZone is { Given: true, Value: { } zone }) metadata[AggregateRow.ZoneKey] = zone;
            var row = found.Row.With(metadata) with { Name = asked.Name.Or(found.Row.Name)! };
            return Zoned(tx, found, found with { Row = row });
        }, stop);

    public Task<Outcome<Aggregate>> SetMetadata(AccessGrant access, long number, Dictionary<string, string?> asked, CancellationToken stop)
    {
        foreach (var (key, value) in asked)
        {
            if (key.Length is not (0 or > TextLengthMax) && value is not { Length: > TextLengthMax }) continue;
            return Refused(new Fault.Invalid("metadata", "Keys have 1 to 255 characters, values at most 255."));
        }

        return Change(access, number, (tx, found) =>
        {
            var metadata = found.Row.MetadataMap();
            foreach (var (key, value) in asked)
            {
                if (value is null) metadata.Remove(key);
                else metadata[key] = value;
            }

            return Zoned(tx, found, found with { Row = found.Row.With(metadata) });
        }, stop);
    }

    public Task<Outcome<Aggregate>> SetHost(AccessGrant access, long number, string host, bool member, CancellationToken stop) => Change(access, number, (tx, found) =>
    {
        if (hosts.ByName(host) is not { } node) return Wire.NotFound($"Compute host {host} could not be found.");
        var there = found.Nodes.Contains(node.Id);
        if (member && there) return new Fault.Conflict($"Cannot add host to aggregate {number}. Reason: Host {host} is already a member of the aggregate.");
        if (!member && !there) return Wire.NotFound($"Aggregate {number} has no host {host}.");
        if (Busy(tx, found.Row.Zone(), node.Id, member) is { } busy) return new Fault.Conflict($"Cannot change aggregate {number}. Reason: {busy}");
        AggregateStore.SetHost(tx, number, node.Id, member);
        placement.SetAggregate(tx, node.Id, found.Row.Id, member);
        return found with { Nodes = member ? [.. found.Nodes, node.Id] : [.. found.Nodes.Where(id => id != node.Id)] };
    }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, long number, CancellationToken stop) => kernel.Queue.Write<Done>(
        "aggregate.delete",
        access.Origin,
        tx =>
        {
            if (AggregateStore.Find(tx, number) is not { } found) return Missing(number);
            if (found.Nodes.Count > 0) return new Fault.Conflict($"Cannot delete aggregate {number}. Reason: Host aggregate is not empty.");
            AggregateStore.Delete(tx, number);
            Recorded(tx, found, Kernel.Journal.Change.Deleted);
            return Done.Value;
        },
        stop);

    /// <summary>A zone may only change where no server relies on it.</summary>
    private Outcome<Aggregate> Zoned(Tx tx, Aggregate before, Aggregate after)
    {
        if (before.Row.Zone() == after.Row.Zone()) return after;
        foreach (var node in before.Nodes)
        {
            if (Busy(tx, after.Row.Zone() ?? before.Row.Zone(), node, member: true, before.Row.Number) is { } busy)
            {
                return new Fault.Conflict($"Cannot change the zone of aggregate {before.Row.Number}. Reason: {busy}");
            }
        }

        return after;
    }

    /// <summary>Why the host's zone can't change; null when it can, or does not.</summary>
    private static string? Busy(Tx tx, string? zone, string nodeId, bool member, long? except = null)
    {
        if (zone is null) return null;
        var others = AggregateStore.All(tx).Where(aggregate => aggregate.Row.Number != except && aggregate.Nodes.Contains(nodeId))
            .Select(aggregate => aggregate.Row.Zone());
        if (member && others.Any(other => other is not null && other != zone)) return "The host is in another availability zone.";
        return tx.Scalar<long?>("SELECT 1 FROM compute_servers WHERE node_id = @nodeId LIMIT 1", new { nodeId }) is null
            ? null : "The host has servers, which rely on its availability zone.";
    }

    private Task<Outcome<Aggregate>> Change(AccessGrant access, long number, Func<Tx, Aggregate, Outcome<Aggregate>> change, CancellationToken stop) =>
        kernel.Queue.Write<Aggregate>(
            "aggregate.update",
            access.Origin,
            tx =>
            {
                if (AggregateStore.Find(tx, number) is not { } found) return Missing(number);
                var changed = change(tx, found);
                if (!changed.Ok) return changed;
                var after = changed.Value with { Row = changed.Value.Row with { UpdatedAt = tx.Now } };
                if (!AggregateStore.Update(tx, after.Row)) return Taken(after.Row.Name);
                return Recorded(tx, after, Kernel.Journal.Change.Updated);
            },
            stop);

    private Aggregate Recorded(Tx tx, Aggregate aggregate, Change change)
    {
        tx.Record("aggregate", aggregate.Row.Id, null, change, aggregate.Row, AggregateJson.Wire.AggregateRow);
        tx.AfterCommit(hosts.Load);
        return aggregate;
    }

    private static Fault? Wrong(AggregateAsked asked)
    {
        foreach (var (name, text) in new[] { ("name", asked.Name), ("availability_zone", asked.AvailabilityZone) })
        {
            if (!text.Given || (name == "availability_zone" && text.Value is null)) continue;
            if (text.Value is not { Length: > 0 and <= TextLengthMax } value || value.Trim() != value || value.Contains(':', StringComparison.Ordinal) && name != "name")
            {
                return new Fault.Invalid(name, $"Invalid input for field/attribute {name}. It has 1 to 255 printable characters, without spaces around it.");
            }
        }

        return null;
    }

    private static Fault Missing(long number) => Wire.NotFound($"Aggregate {number} could not be found.");

    private static Fault Taken(string name) => new Fault.Conflict($"Aggregate {name} already exists.");

    private static Task<Outcome<Aggregate>> Refused(Fault fault) => Task.FromResult<Outcome<Aggregate>>(fault);
}
