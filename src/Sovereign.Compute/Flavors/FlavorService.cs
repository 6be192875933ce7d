using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Flavors;

/// <summary>Flavors: seen by who may use them, changed by administrators.</summary>
internal sealed partial class FlavorService(KernelServices kernel)
{
    /// <summary>The flavor, if the caller may see it.</summary>
    public Outcome<FlavorRow> Find(AccessGrant access, string id) => kernel.Database.Read(session => Find(session, access, id));

    public static Outcome<FlavorRow> Find(Session session, AccessGrant access, string id)
    {
        var flavor = FlavorStore.Find(session, id);
        if (flavor is null || !(access.Everything || FlavorStore.MayUse(session, flavor, access.Caller.ProjectId ?? ""))) return Missing(id);
        return flavor;
    }

    public static Fault Missing(string id) => new Fault.NotFound("Flavor", id);

    public async Task<Outcome<FlavorRow>> Create(AccessGrant access, FlavorCreate asked, Microversion version, CancellationToken stop)
    {
        var read = Read(asked, version);
        if (read.Fault is { } wrong) return wrong;
        return await kernel.Queue.Write<FlavorRow>(
            "flavor.create",
            access.Origin,
            tx =>
            {
                var flavor = read.Value with { CreatedAt = tx.Now, UpdatedAt = tx.Now };
                if (!FlavorStore.Insert(tx, flavor))
                {
                    return new Fault.Conflict(FlavorStore.Find(tx, flavor.Id) is null
                        ? $"Flavor with name {flavor.Name} already exists."
                        : $"Flavor with ID {flavor.Id} already exists.");
                }

                tx.Record("flavor", flavor.Id, null, Kernel.Journal.Change.Created, flavor.Document(), FlavorJson.Wire.FlavorDocument);
                return flavor;
            },
            stop);
    }

    public Task<Outcome<FlavorRow>> Describe(AccessGrant access, string id, string? description, CancellationToken stop) =>
        Change(access, id, flavor => flavor with { Description = description }, stop);

    public Task<Outcome<FlavorRow>> SetSpecs(AccessGrant access, string id, IReadOnlyDictionary<string, string> specs, CancellationToken stop) =>
        Change(
            access,
            id,
            flavor =>
            {
                var all = flavor.Specs;
                foreach (var (key, value) in specs) all[key] = value;
                return flavor.WithSpecs(all);
            },
            stop);

    public Task<Outcome<FlavorRow>> DeleteSpec(AccessGrant access, string id, string key, CancellationToken stop) =>
        Change(
            access,
            id,
            flavor =>
            {
                var all = flavor.Specs;
                if (!all.Remove(key)) return Wire.NotFound($"Flavor {id} has no extra specs with key {key}.");
                return flavor.WithSpecs(all);
            },
            stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "flavor.delete",
        access.Origin,
        tx =>
        {
            if (FlavorStore.Find(tx, id) is not { } flavor) return Missing(id);
            FlavorStore.Delete(tx, id);
            tx.Record("flavor", id, null, Kernel.Journal.Change.Deleted, flavor.Document(), FlavorJson.Wire.FlavorDocument);
            return Done.Value;
        },
        stop);

    public Task<Outcome<List<string>>> ChangeAccess(AccessGrant access, string id, string project, bool add, bool refusePublic, CancellationToken stop) =>
        kernel.Queue.Write<List<string>>(
            "flavor.access",
            access.Origin,
            tx =>
            {
                if (FlavorStore.Find(tx, id) is not { } flavor) return Missing(id);
                if (add && flavor.IsPublic && refusePublic) return new Fault.Conflict("Can not add access to a public flavor.");
                if (add && !FlavorStore.AddAccess(tx, id, project))
                {
                    return new Fault.Conflict($"Flavor access already exists for flavor {id} and project {project} combination.");
                }

                if (!add && !FlavorStore.RemoveAccess(tx, id, project)) return Wire.NotFound($"Flavor access not found for {id} / {project} combination.");
                tx.Record("flavor", id, null, Kernel.Journal.Change.Updated, flavor.Document(), FlavorJson.Wire.FlavorDocument);
                return FlavorStore.Projects(tx, id);
            },
            stop);

    private Task<Outcome<FlavorRow>> Change(AccessGrant access, string id, Func<FlavorRow, Outcome<FlavorRow>> change, CancellationToken stop) =>
        kernel.Queue.Write<FlavorRow>(
            "flavor.update",
            access.Origin,
            tx =>
            {
                if (FlavorStore.Find(tx, id) is not { } flavor) return Missing(id);
                var changed = change(flavor);
                if (!changed.Ok) return changed;
                FlavorStore.Update(tx, changed.Value);
                tx.Record("flavor", id, null, Kernel.Journal.Change.Updated, changed.Value.Document(), FlavorJson.Wire.FlavorDocument);
                return changed;
            },
            stop);

    private Outcome<FlavorRow> Read(FlavorCreate asked, Microversion version)
    {
        var name = asked.Name.Trim();
        if (name.Length is 0 or > FlavorRow.NameLengthMax || name.Any(char.IsControl))
        {
            return new Fault.Invalid("name", "Flavor name must have 1 to 255 printable characters.");
        }
        if (asked.Ram < 1 || asked.Vcpus < 1 || asked.Disk < 0 || asked.Ephemeral < 0 || asked.Swap < 0)
        {
            return new Fault.Invalid("flavor", "ram and vcpus must be at least 1; disk, ephemeral and swap must not be negative.");
        }

        if (asked.RxtxFactor is <= 0 or > 1e10) return new Fault.Invalid("rxtx_factor", "rxtx_factor must be above 0.");
        if (asked.Description.Given && !version.Has(55)) return Wire.Unexpected("description");
        if (asked.Description.Value is { Length: > FlavorRow.DescriptionLengthMax }) return new Fault.Invalid("description", "The description is too long.");
        var id = asked.Id is not { ValueKind: not JsonValueKind.Null } given ? kernel.Ids.Uuid() : given.ToString().Trim();
        if (id == "auto") id = kernel.Ids.Uuid();
        if (!IdForm().IsMatch(id))
        {
            return new Fault.Invalid("id", $"Invalid input for field/attribute id. Value: {id}. It has letters, digits, spaces, '.', '-' and '_', at most 255.");
        }
        var shared = Wire.Truth(asked.IsPublic, true);
        if (shared is null) return new Fault.Invalid("os-flavor-access:is_public", "os-flavor-access:is_public is a boolean.");
        return new FlavorRow
        {
            Id = id, Name = name, Vcpus = asked.Vcpus, RamMib = asked.Ram, DiskGib = asked.Disk, EphemeralGib = asked.Ephemeral ?? 0, SwapMib = asked.Swap ?? 0,
            RxtxFactor = (asked.RxtxFactor ?? 1.0).ToString("0.0######", CultureInfo.InvariantCulture), IsPublic = shared.Value, Description = asked.Description.Value,
        };
    }

    [GeneratedRegex(@"^[a-zA-Z0-9. _-]{1,255}\z", RegexOptions.CultureInvariant)]
    private static partial Regex IdForm();
}
