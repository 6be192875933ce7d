using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Wire;

namespace Sovereign.Network.RouterFlavors;

internal sealed class RouterFlavorService(KernelServices kernel)
{
    public static readonly Room<RouterFlavorRow, RouterFlavorView> Room = new(
        Kinds.Flavor, "flavors", "/v2.0/flavors", RouterFlavorStore.Shape, RouterFlavorStore.Find, Missing, Views, NetworkJson.Wire.RouterFlavorView)
    {
        Listed = "@value = @value",
        Sees = (_, _, _) => true,
        Counted = _ => false,
    };

    /// <summary>The flavor that a new router was asked for: one that can be made.</summary>
    public static Outcome<string?> Chosen(Session session, string? id)
    {
        if (string.IsNullOrEmpty(id)) return Outcome.Of<string?>(null);
        if (RouterFlavorStore.Find(session, id) is not { } flavor) return Missing(id);
        if (!flavor.Enabled) return new Fault.Unavailable("Flavor is not enabled.") { Type = "FlavorDisabled" };
        if (RouterFlavorStore.ProfilesOf(session, id).FirstOrDefault() is not { } profile) return NotJoined("", id);
        if (!profile.Enabled) return new Fault.Unavailable("Service Profile is not enabled.") { Type = "ServiceProfileDisabled" };
        return profile.Driver.Length > 0 ? id : ServiceProfileService.DriverMissing(profile.Driver);
    }

    public Outcome<RouterFlavorRow> Create(Tx tx, AccessGrant access, RouterFlavorWish wish)
    {
        if (Check(wish) is { } wrong) return wrong;
        if (wish.ServiceType.Or(null) is not RouterDrivers.ServiceType)
        {
            return NetworkFaults.Attribute("service_type", $"'{wish.ServiceType.Or(null)}' is not in ['{RouterDrivers.ServiceType}']");
        }

        var row = new RouterFlavorRow
        {
            Id = kernel.Ids.Uuid(), Name = wish.Name.Or("") ?? "", Description = wish.Description.Or(""), ServiceType = RouterDrivers.ServiceType,
            Enabled = wish.Enabled.OrTrue(), CreatedAt = tx.Now,
        };
        RouterFlavorStore.Insert(tx, row);
        foreach (var profile in (wish.ServiceProfiles.Or(null) ?? []).Distinct(StringComparer.Ordinal))
        {
            if (RouterFlavorStore.FindProfile(tx, profile ?? "") is null) return ServiceProfileService.Missing(profile ?? "");
            RouterFlavorStore.Join(tx, row.Id, profile!);
        }

        Room.Record(tx, row, Change.Created);
        return row;
    }

    public static Outcome<RouterFlavorRow> Update(Tx tx, AccessGrant access, RouterFlavorRow old, RouterFlavorWish wish)
    {
        if (Check(wish) is { } wrong) return wrong;
        if (wish.ServiceType.Given || wish.ServiceProfiles.Given || wish.TenantId.Given || wish.ProjectId.Given)
        {
            return new Fault.Invalid("service_type", "Cannot update read-only attribute of a flavor: only name, description and enabled change");
        }

        return Save(tx, old with
        {
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description),
            Enabled = wish.Enabled.Or(old.Enabled) ?? true,
        });
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, RouterFlavorRow row)
    {
        if (RouterFlavorStore.InUse(tx, row.Id)) return NetworkFaults.Conflict("FlavorInUse", $"Flavor {row.Id} is used by some service instance.");
        Room.Remove(tx, kernel, row, RouterFlavorStore.Delete);
        return Done.Value;
    }

    public static Outcome<Done> Join(Tx tx, string flavorId, string profileId)
    {
        if (RouterFlavorStore.Find(tx, flavorId) is not { } flavor) return Missing(flavorId);
        if (RouterFlavorStore.FindProfile(tx, profileId) is null) return ServiceProfileService.Missing(profileId);
        if (!RouterFlavorStore.Join(tx, flavorId, profileId))
        {
            return NetworkFaults.Conflict(
                "FlavorServiceProfileBindingExists", $"Service Profile {profileId} is already associated with flavor {flavorId}.");
        }

        Save(tx, flavor);
        return Done.Value;
    }

    public static Outcome<Done> Part(Tx tx, string flavorId, string profileId)
    {
        if (RouterFlavorStore.Find(tx, flavorId) is not { } flavor) return Missing(flavorId);
        if (!RouterFlavorStore.Part(tx, flavorId, profileId)) return NotJoined(profileId, flavorId);
        Save(tx, flavor);
        return Done.Value;
    }

    private static RouterFlavorRow Save(Tx tx, RouterFlavorRow row)
    {
        var next = row with { Revision = row.Revision + 1 };
        RouterFlavorStore.Update(tx, next);
        Room.Record(tx, next, Change.Updated);
        return next;
    }

    private static List<RouterFlavorView> Views(Session session, IReadOnlyList<RouterFlavorRow> rows, Viewer viewer)
    {
        var profiles = RouterFlavorStore.Profiles(session, rows.Select(row => row.Id).ToList());
        return rows.Select(row => row.ToView(profiles[row.Id].ToList())).ToList();
    }

    private static Fault? Check(RouterFlavorWish wish)
    {
        if (Attributes.Texts(("name", wish.Name)) is { } name) return name;
        if (wish.Description.Value is not null && Attributes.Texts(("description", wish.Description)) is { } text) return text;
        return Attributes.Booleans(("enabled", wish.Enabled));
    }

    private static Fault Missing(string id) => NetworkFaults.Missing("FlavorNotFound", $"Flavor {id} could not be found.");

    private static Fault NotJoined(string profileId, string flavorId) => NetworkFaults.Missing(
        "FlavorServiceProfileBindingNotFound", $"Service Profile {profileId} is not associated with flavor {flavorId}.");
}
