using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.AddressScopes;

internal sealed class AddressScopeService(KernelServices kernel)
{
    public static readonly Room<AddressScopeRow, AddressScopeView> Room = new Room<AddressScopeRow, AddressScopeView>(
        Kinds.AddressScope, "address_scopes", "/v2.0/address-scopes", AddressScopeStore.Shape, AddressScopeStore.Find,
        id => NetworkFaults.Missing("AddressScopeNotFound", $"Address scope {id} could not be found."), Views, NetworkJson.Wire.AddressScopeView)
    {
        Counted = _ => false,
    }.Shareable();

    private static List<AddressScopeView> Views(Session session, IReadOnlyList<AddressScopeRow> rows, Viewer viewer)
    {
        var shared = RbacPolicyStore.Granted(
            session, Kinds.AddressScope, RbacActions.Shared, rows.Select(row => row.Id).ToList(), viewer.ProjectId);
        return rows.Select(row => row.ToView(shared.Contains(row.Id))).ToList();
    }

    public Outcome<AddressScopeRow> Create(Tx tx, AccessGrant access, AddressScopeWish wish)
    {
        if (Check(wish, access, "create_address_scope") is { } wrong) return wrong;
        if (wish.IpVersion.Or(null) is not (4 or 6)) return NetworkFaults.Attribute("ip_version", $"'{wish.IpVersion.Or(null)}' is not in [4, 6]");
        var project = Attributes.Project(access, "create_address_scope", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var row = new AddressScopeRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", IpVersion = wish.IpVersion.Value!.Value,
            CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        AddressScopeStore.Insert(tx, row);
        RbacPolicyService.Set(tx, kernel, Kinds.AddressScope, row.Id, row.ProjectId, RbacActions.Shared, wish.Shared.OrFalse());
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<AddressScopeRow> Update(Tx tx, AccessGrant access, AddressScopeRow old, AddressScopeWish wish)
    {
        if (Check(wish, access, "update_address_scope") is { } wrong) return wrong;
        if (wish.IpVersion.Given || wish.ProjectId.Given || wish.TenantId.Given)
        {
            return new Fault.Invalid("ip_version", "Cannot update read-only attribute of an address scope: ip_version, project_id");
        }

        var shared = RbacPolicyStore.Granted(tx, Kinds.AddressScope, RbacActions.Shared, [old.Id], null).Count > 0;
        if (shared && wish.Shared is { Given: true, Value: false })
        {
            return NetworkFaults.Refused(
                "AddressScopeUpdateError", $"Unable to update address scope {old.Id} : Shared address scope can't be unshared.");
        }

        var row = old with { Name = wish.Name.Or(old.Name) ?? "", UpdatedAt = tx.Now, Revision = old.Revision + 1 };
        AddressScopeStore.Update(tx, row);
        if (wish.Shared.OrFalse()) RbacPolicyService.Set(tx, kernel, Kinds.AddressScope, row.Id, row.ProjectId, RbacActions.Shared, true);
        Room.Record(tx, row, Change.Updated);
        return row;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, AddressScopeRow row)
    {
        if (AddressScopeStore.InUse(tx, row.Id))
        {
            return NetworkFaults.Conflict(
                "AddressScopeInUse",
                $"Unable to complete operation on address scope {row.Id}. There are one or more subnet pools in use on the address scope");
        }

        Room.Remove(tx, kernel, row, AddressScopeStore.Delete);
        return Done.Value;
    }

    private static Fault? Check(AddressScopeWish wish, AccessGrant access, string rule)
    {
        if (Attributes.Texts(("name", wish.Name)) is { } text) return text;
        if (Attributes.Booleans(("shared", wish.Shared)) is { } boolean) return boolean;
        return wish.Shared.OrFalse() && !access.Everything ? NetworkFaults.NotAuthorized(rule, "shared") : null;
    }
}
