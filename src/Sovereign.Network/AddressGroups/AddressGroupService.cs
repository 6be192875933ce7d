using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.AddressGroups;

internal sealed class AddressGroupService(KernelServices kernel, FabricPlan fabric)
{
    private const int AddressesMax = 1000;

    public static readonly Room<AddressGroupRow, AddressGroupView> Room = new Room<AddressGroupRow, AddressGroupView>(
        Kinds.AddressGroup, "address_groups", "/v2.0/address-groups", AddressGroupStore.Shape, AddressGroupStore.Find,
        id => NetworkFaults.Missing("AddressGroupNotFound", $"Address group {id} could not be found."), Views, NetworkJson.Wire.AddressGroupView)
    {
        Counted = _ => false,
    }.Shareable();

    private static List<AddressGroupView> Views(Session session, IReadOnlyList<AddressGroupRow> rows, Viewer viewer)
    {
        var shared = RbacPolicyStore.Granted(
            session, Kinds.AddressGroup, RbacActions.Shared, rows.Select(row => row.Id).ToList(), viewer.ProjectId);
        return rows.Select(row => row.ToView(shared.Contains(row.Id))).ToList();
    }

    public Outcome<AddressGroupRow> Create(Tx tx, AccessGrant access, AddressGroupWish wish)
    {
        if (Check(wish, access, "create_address_group") is { } wrong) return wrong;
        var project = Attributes.Project(access, "create_address_group", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var addresses = Parse(wish.Addresses.Or(null) ?? []);
        if (addresses.Fault is { } malformed) return malformed;
        var row = new AddressGroupRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            Addresses = Written(addresses.Value), CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        AddressGroupStore.Insert(tx, row);
        RbacPolicyService.Set(tx, kernel, Kinds.AddressGroup, row.Id, row.ProjectId, RbacActions.Shared, wish.Shared.OrFalse());
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<AddressGroupRow> Update(Tx tx, AccessGrant access, AddressGroupRow old, AddressGroupWish wish)
    {
        if (Check(wish, access, "update_address_group") is { } wrong) return wrong;
        if (wish.Addresses.Given || wish.ProjectId.Given || wish.TenantId.Given || wish.Shared.Given)
        {
            return new Fault.Invalid("addresses", "Cannot update read-only attribute of an address group: addresses, shared, project_id");
        }

        return Save(tx, old with { Name = wish.Name.Or(old.Name) ?? "", Description = wish.Description.Or(old.Description) ?? "" });
    }

    public Outcome<AddressGroupRow> AddAddresses(Tx tx, AccessGrant access, AddressGroupRow row, AddressGroupWish wish) =>
        Parse(wish.Addresses.Or(null) ?? []).Then<AddressGroupRow>(added =>
        {
            var twice = added.Intersect(row.AddressList).ToList();
            if (twice.Count > 0)
            {
                return NetworkFaults.Conflict(
                    "AddressesAlreadyExist", $"Addresses {string.Join(", ", twice)} already exist in the address group {row.Id}.");
            }

            var all = row.AddressList.Concat(added).ToList();
            return all.Count > AddressesMax
                ? NetworkFaults.Attribute("addresses", $"More than {AddressesMax} addresses") : Changed(tx, row with { Addresses = Written(all) });
        });

    public Outcome<AddressGroupRow> RemoveAddresses(Tx tx, AccessGrant access, AddressGroupRow row, AddressGroupWish wish) =>
        Parse(wish.Addresses.Or(null) ?? []).Then<AddressGroupRow>(removed =>
        {
            var unknown = removed.Except(row.AddressList).ToList();
            return unknown.Count > 0
                ? NetworkFaults.Missing("AddressesNotFound", $"Addresses {string.Join(", ", unknown)} not found in the address group {row.Id}.")
                : Changed(tx, row with { Addresses = Written(row.AddressList.Except(removed).ToList()) });
        });

    public Outcome<Done> Delete(Tx tx, AccessGrant access, AddressGroupRow row)
    {
        if (AddressGroupStore.UsedBy(tx, row.Id).Count > 0)
        {
            return NetworkFaults.Conflict("AddressGroupInUse", $"Address group {row.Id} is in use on one or more security group rules.");
        }

        Room.Remove(tx, kernel, row, AddressGroupStore.Delete);
        return Done.Value;
    }

    private AddressGroupRow Changed(Tx tx, AddressGroupRow row)
    {
        foreach (var group in AddressGroupStore.UsedBy(tx, row.Id)) fabric.GroupChanged(tx, group);
        return Save(tx, row);
    }

    private static AddressGroupRow Save(Tx tx, AddressGroupRow row)
    {
        var next = row with { UpdatedAt = tx.Now, Revision = row.Revision + 1 };
        AddressGroupStore.Update(tx, next);
        Room.Record(tx, next, Change.Updated);
        return next;
    }

    private static Fault? Check(AddressGroupWish wish, AccessGrant access, string rule)
    {
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
        if (Attributes.Booleans(("shared", wish.Shared)) is { } boolean) return boolean;
        return wish.Shared.OrFalse() && !access.Everything ? NetworkFaults.NotAuthorized(rule, "shared") : null;
    }

    private static Outcome<IReadOnlyList<string>> Parse(IReadOnlyList<string> texts)
    {
        if (texts.Count > AddressesMax) return NetworkFaults.Attribute("addresses", $"More than {AddressesMax} addresses");
        var parsed = new List<string>(texts.Count);
        foreach (var text in texts)
        {
            if (!Cidr.TryParse(text, out var range, bare: true)) return NetworkFaults.Attribute("addresses", $"'{text}' is not a valid IP subnet");
            parsed.Add(range.ToString());
        }

        return Outcome.Of<IReadOnlyList<string>>(parsed.Distinct(StringComparer.Ordinal).ToList());
    }

    private static string Written(IReadOnlyList<string> addresses) => JsonSerializer.Serialize(addresses, NetworkJson.Wire.IReadOnlyListString);
}
