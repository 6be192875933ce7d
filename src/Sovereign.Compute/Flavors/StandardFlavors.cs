using System.Text.Json;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Flavors;

/// <summary>The mandatory flavors of scs-0103, made once at first start: what the operator deletes later stays deleted.</summary>
internal static class StandardFlavors
{
    private const string Mark = "compute-standard-flavors";

    public static Outcome<Done> Make(Tx tx, IIdSource ids)
    {
        if (!tx.First(Mark)) return Done.Value;
        foreach (var standard in Read())
        {
            var flavor = new FlavorRow
            {
                Id = ids.Uuid(), Name = standard.Name, Vcpus = standard.Vcpus, RamMib = standard.Ram, DiskGib = standard.Disk, IsPublic = true,
                CreatedAt = tx.Now, UpdatedAt = tx.Now,
            }.WithSpecs(standard.ExtraSpecs);
            if (FlavorStore.Insert(tx, flavor)) tx.Record("flavor", flavor.Id, null, Change.Created, flavor.Document(), FlavorJson.Wire.FlavorDocument);
        }

        return Done.Value;
    }

    public static List<StandardFlavor> Read()
    {
        using var file = typeof(StandardFlavors).Assembly.GetManifestResourceStream("standard-flavors.json")!;
        return JsonSerializer.Deserialize(file, FlavorJson.Wire.ListStandardFlavor)!;
    }
}
