using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Wire;

namespace Sovereign.Network.RouterFlavors;

internal sealed class ServiceProfileService(KernelServices kernel)
{
    private const int MetainfoCharactersMax = 4096;

    public static readonly Room<ServiceProfileRow, ServiceProfileView> Room = new(
        Kinds.ServiceProfile, "service_profiles", "/v2.0/service_profiles", RouterFlavorStore.ProfileShape, RouterFlavorStore.FindProfile, Missing,
        (_, rows, _) => rows.Select(row => row.ToView()).ToList(), NetworkJson.Wire.ServiceProfileView)
    {
        Listed = "@value = @value",
        Sees = (_, _, _) => true,
        Counted = _ => false,
    };

    public Outcome<ServiceProfileRow> Create(Tx tx, AccessGrant access, ServiceProfileWish wish)
    {
        var filled = Fill(new ServiceProfileRow { Id = kernel.Ids.Uuid(), Description = "", CreatedAt = tx.Now }, wish);
        if (filled.Fault is { } wrong) return wrong;
        RouterFlavorStore.InsertProfile(tx, filled.Value);
        Room.Record(tx, filled.Value, Change.Created);
        return filled;
    }

    public static Outcome<ServiceProfileRow> Update(Tx tx, AccessGrant access, ServiceProfileRow old, ServiceProfileWish wish)
    {
        if (wish.TenantId.Given || wish.ProjectId.Given) return new Fault.Invalid("project_id", "Cannot update read-only attribute project_id");
        var filled = Fill(old with { Revision = old.Revision + 1 }, wish);
        if (filled.Fault is { } wrong) return wrong;
        if (RouterFlavorStore.ProfileInUse(tx, old.Id)) return InUse(old.Id);
        RouterFlavorStore.UpdateProfile(tx, filled.Value);
        Room.Record(tx, filled.Value, Change.Updated);
        return filled;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, ServiceProfileRow row)
    {
        if (RouterFlavorStore.ProfileInUse(tx, row.Id)) return InUse(row.Id);
        Room.Remove(tx, kernel, row, RouterFlavorStore.DeleteProfile);
        return Done.Value;
    }

    public static Fault Missing(string id) => NetworkFaults.Missing("ServiceProfileNotFound", $"Service Profile {id} could not be found.");

    public static Fault DriverMissing(string driver) =>
        NetworkFaults.Missing("ServiceProfileDriverNotFound", $"Service Profile driver {driver} could not be found.");

    private static Outcome<ServiceProfileRow> Fill(ServiceProfileRow row, ServiceProfileWish wish)
    {
        if (wish.Description.Value is not null && Attributes.Texts(("description", wish.Description)) is { } text) return text;
        if (Attributes.Texts(("driver", wish.Driver)) is { } driver) return driver;
        if (Attributes.Booleans(("enabled", wish.Enabled)) is { } boolean) return boolean;
        if (wish.Metainfo.Value is { } said && (said.Length > MetainfoCharactersMax || said.Contains('\0', StringComparison.Ordinal)))
        {
            return NetworkFaults.Attribute("metainfo", $"It is no text of at most {MetainfoCharactersMax} characters");
        }

        var filled = row with
        {
            Description = wish.Description.Or(row.Description),
            Driver = wish.Driver.Or(row.Driver) ?? "",
            Metainfo = wish.Metainfo.Or(row.Metainfo) ?? "",
            Enabled = wish.Enabled.Or(row.Enabled) ?? true,
        };
        if (filled.Driver.Length > 0) return filled.Driver == RouterDrivers.Driver ? filled : DriverMissing(filled.Driver);
        return filled.Metainfo.Length > 0
            ? filled : NetworkFaults.Refused("ServiceProfileEmpty", "Service Profile needs either a driver or metainfo.");
    }

    private static Fault InUse(string id) => NetworkFaults.Conflict("ServiceProfileInUse", $"Service Profile {id} is used by some service instance.");
}
