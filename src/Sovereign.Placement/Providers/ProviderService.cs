using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Allocations;

namespace Sovereign.Placement.Providers;

internal sealed class ProviderService(KernelServices kernel)
{
    public Task<Outcome<Provider>> Create(Origin origin, ProviderCreate body, CancellationToken stop)
    {
        if (CheckName(body.Name) is { } wrong) return Task.FromResult<Outcome<Provider>>(wrong);
        if (body.Uuid is not null && !Guid.TryParseExact(body.Uuid, "D", out _)) return Task.FromResult<Outcome<Provider>>(BadId("uuid", body.Uuid));
        var id = body.Uuid?.ToLowerInvariant() ?? kernel.Ids.Uuid();
        return kernel.Queue.Write<Provider>(
            "provider.create",
            origin,
            tx =>
            {
                var root = id;
                if (body.ParentProviderUuid is { } parentId)
                {
                    if (ProviderStore.Find(tx, parentId) is not { } parent) return NoParent(parentId);
                    root = parent.RootId;
                }

                var provider = new Provider { Id = id, Name = body.Name, ParentId = body.ParentProviderUuid ?? "", RootId = root, CreatedAt = tx.Now, UpdatedAt = tx.Now };
                if (!ProviderStore.Insert(tx, provider))
                {
                    return new Fault.Conflict($"Conflicting resource provider {(ProviderStore.Find(tx, id) is null ? $"name: {body.Name}" : $"uuid: {id}")} already exists.")
                    {
                        Type = "placement.duplicate_name",
                    };
                }

                Record(tx, provider, Change.Created);
                return provider;
            },
            stop);
    }

    public Task<Outcome<Provider>> Update(Origin origin, string id, ProviderUpdate body, Microversion version, CancellationToken stop)
    {
        if (CheckName(body.Name) is { } wrong) return Task.FromResult<Outcome<Provider>>(wrong);
        return kernel.Queue.Write<Provider>(
            "provider.update",
            origin,
            tx =>
            {
                var found = ProviderStore.Need(tx, id);
                if (found.Fault is { } missing) return missing;
                var provider = found.Value;
                if (ProviderStore.NameTaken(tx, body.Name, id))
                {
                    return new Fault.Conflict($"Conflicting resource provider name: {body.Name} already exists.") { Type = "placement.duplicate_name" };
                }

                var (parentId, rootId) = (provider.ParentId, provider.RootId);
                if (body.ParentProviderUuid is { Given: true } wish && (wish.Value ?? "") != provider.ParentId)
                {
                    var moved = Move(tx, provider, wish.Value, version);
                    if (moved.Fault is { } stays) return stays;
                    (parentId, rootId) = moved.Value;
                }

                var changed = provider with { Name = body.Name, ParentId = parentId, RootId = rootId, UpdatedAt = tx.Now };
                ProviderStore.Update(tx, changed);
                Record(tx, changed, Change.Updated);
                return changed;
            },
            stop);
    }

    /// <summary>Puts a provider and all below it under another, or makes it a root.</summary>
    private static Outcome<(string Parent, string Root)> Move(Tx tx, Provider provider, string? parentId, Microversion version)
    {
        if (provider.ParentId.Length > 0 && version < PlacementVersions.Reparenting)
        {
            return new Fault.Invalid("parent_provider_uuid", "re-parenting a provider is not currently allowed.");
        }

        var root = provider.Id;
        if (parentId is not null)
        {
            if (ProviderStore.Find(tx, parentId) is not { } parent) return NoParent(parentId);
            for (var above = parent; above is not null; above = ProviderStore.Find(tx, above.ParentId))
            {
                if (above.Id == provider.Id) return new Fault.Invalid("parent_provider_uuid", "creating loop in the provider tree is not allowed.");
            }

            root = parent.RootId;
        }

        var moving = new Queue<string>([provider.Id]);
        while (moving.TryDequeue(out var id))
        {
            ProviderStore.SetRoot(tx, id, root);
            foreach (var child in ProviderStore.Children(tx, id)) moving.Enqueue(child);
        }

        return (parentId ?? "", root);
    }

    public Task<Outcome<Done>> Delete(Origin origin, string id, CancellationToken stop) => kernel.Queue.Write<Done>("provider.delete", origin, tx => Delete(tx, id), stop);

    public static Outcome<Done> Delete(Tx tx, string id)
    {
        var found = ProviderStore.Need(tx, id);
        if (found.Fault is { } missing) return missing;
        if (ProviderStore.HasChildren(tx, id))
        {
            return new Fault.Conflict($"Unable to delete parent resource provider {id}: It has child resource providers.")
            {
                Type = "placement.resource_provider.cannot_delete_parent",
            };
        }

        if (AllocationStore.AnyOn(tx, id))
        {
            return new Fault.Conflict($"Unable to delete resource provider {id}: Resource provider has allocations.") { Type = "placement.resource_provider.inuse" };
        }

        ProviderStore.Delete(tx, id);
        Record(tx, found.Value, Change.Deleted);
        return Done.Value;
    }

    public static void Record(Tx tx, Provider provider, Change change) =>
        tx.Record("resource_provider", provider.Id, null, change, ProviderView.From(provider, PlacementVersions.Table.Max), ProviderJson.Wire.ProviderView);

    private static Fault? CheckName(string name) => name.Length is 0 or > Provider.NameLengthMax
        ? new Fault.Invalid("name", $"JSON does not validate: name must have 1 to {Provider.NameLengthMax} characters.")
        : null;

    private static Fault.Invalid BadId(string field, string id) => new(field, $"JSON does not validate: '{id}' is not a 'uuid'.");

    private static Fault.Invalid NoParent(string id) => new("parent_provider_uuid", $"parent provider UUID {id} does not exist.");
}
