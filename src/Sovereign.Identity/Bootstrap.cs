using Sovereign.Identity.Assignments;
using Sovereign.Identity.Catalog;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Model;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity;

/// <summary>The rows without which nobody could log in. Runs at every start; what exists stays as it is.</summary>
internal sealed class Bootstrap(House house, IdentityOptions options, Passwords passwords, Catalog.CatalogService catalog)
{
    private const string Immutable = """{"immutable":true}""";
    private static readonly string[] chain = ["admin", "manager", "member", "reader"];

    public async Task Run(CancellationToken stop)
    {
        var isFirst = house.Kernel.Database.Read(session => DomainStore.Find(session, DomainRow.DefaultId)) is null;
        var admin = isFirst ? (await passwords.Hash(options.Admin.Password, stop)).Value : "";
        var demo = isFirst ? (await passwords.Hash(options.Demo.Password, stop)).Value : "";
        var written = await house.Kernel.Queue.Write<Done>("identity.first", Origin.System, tx =>
        {
            Roles(tx);
            if (DomainStore.Find(tx, DomainRow.DefaultId) is null) FirstTenants(tx, admin, demo);
            Region(tx);
            if (tx.First("identity.project_tags")) ProjectService.FillTags(tx);
            foreach (var service in options.Catalog) Service(tx, service);
            return Done.Value;
        }, stop);
        if (written.Fault is { } fault) throw new InvalidOperationException(fault.Message);
    }

    private void Roles(Tx tx)
    {
        var ids = new List<string>();
        foreach (var name in chain.Append("service"))
        {
            var row = RoleStore.FindGlobal(tx, name);
            if (row is null)
            {
                row = new RoleRow { Id = house.Kernel.Ids.Hex(), Name = name, Options = Immutable };
                RoleStore.Insert(tx, row);
                RoleService.Room.Record(tx, house, row, Change.Created);
                if (Array.IndexOf(chain, name) > 0) RoleStore.InsertInference(tx, ids[^1], row.Id);
            }

            ids.Add(row.Id);
        }
    }

    private void FirstTenants(Tx tx, string adminPassword, string demoPassword)
    {
        var domain = new DomainRow { Id = DomainRow.DefaultId, Name = "Default", Description = "The default domain", Enabled = true };
        DomainStore.Insert(tx, domain);
        DomainService.Room.Record(tx, house, domain, Change.Created);
        var admins = Project(tx, "admin", "The operator's project");
        var demos = Project(tx, "demo", "The first tenant's project");
        var admin = User(tx, options.Admin.Name, adminPassword);
        var demo = User(tx, options.Demo.Name, demoPassword);
        Assign(tx, admin, "project", admins, "admin");
        Assign(tx, admin, "domain", domain.Id, "admin");
        Assign(tx, admin, "system", IdentityModel.System, "admin");
        Assign(tx, demo, "project", demos, "member");
    }

    private string Project(Tx tx, string name, string description)
    {
        var row = new ProjectRow
        {
            Id = house.Kernel.Ids.Hex(), Name = name, Description = description, DomainId = DomainRow.DefaultId, ParentId = DomainRow.DefaultId, Enabled = true,
        };
        ProjectStore.Insert(tx, row);
        ProjectService.Room.Record(tx, house, row, Change.Created);
        return row.Id;
    }

    private string User(Tx tx, string name, string password)
    {
        var row = new UserRow { Id = house.Kernel.Ids.Hex(), Name = name, DomainId = DomainRow.DefaultId, Enabled = true };
        UserStore.Insert(tx, row, password);
        UserService.Room.Record(tx, house, row, Change.Created);
        return row.Id;
    }

    private static void Assign(Tx tx, string userId, string targetKind, string targetId, string role)
    {
        var row = new AssignmentRow
        {
            ActorKind = AssignmentRow.User, ActorId = userId, TargetKind = targetKind, TargetId = targetId, RoleId = RoleStore.FindGlobal(tx, role)!.Id,
        };
        AssignmentStore.Insert(tx, row);
        AssignmentCleaning.Recorded(tx, row, Change.Created);
    }

    private void Region(Tx tx)
    {
        var row = new RegionRow { Id = house.Kernel.Settings.Region };
        if (CatalogStore.Insert(tx, row)) Catalog.CatalogService.Regions.Written(tx, house, row, Change.Created);
    }

    private void Service(Tx tx, CatalogService service)
    {
        if (CatalogStore.ServiceOfType(tx, service.Type) is not null) return;
        var row = catalog.Written(
            tx, new ServiceRow { Id = house.Kernel.Ids.Hex(), Type = service.Type, Name = service.Name, Enabled = true }, Change.Created);
        foreach (var face in EndpointRow.Interfaces)
        {
            catalog.Written(
                tx,
                new EndpointRow
                {
                    Id = house.Kernel.Ids.Hex(), ServiceId = row.Id, RegionId = house.Kernel.Settings.Region, Interface = face, Enabled = true,
                    Url = Template(service.UrlTemplate),
                },
                Change.Created);
        }
    }

    /// <summary>Own addresses are stored as a template, so that a later change of the public URL moves the catalog too.</summary>
    private string Template(string url)
    {
        const string publicEndpoint = "$(public_endpoint)s";
        if (url.StartsWith('/')) return publicEndpoint + url;
        var publicUrl = house.Kernel.Settings.PublicUrl;
        return url.StartsWith(publicUrl + "/", StringComparison.Ordinal) ? publicEndpoint + url[publicUrl.Length..] : url;
    }
}
