using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.AutoTopologies;

internal sealed record AutoTopologyAnswer(AutoTopologyView AutoAllocatedTopology);

/// <summary>The topology is its network.</summary>
internal sealed record AutoTopologyView(string Id, string TenantId, string ProjectId);

internal sealed class AutoTopologyEndpoints(KernelServices kernel, AutoTopologyService topologies)
{
    private const string Path = "/v2.0/auto-allocated-topology/{project}";
    private const string DryRun = "dry-run";

    /// <summary>What stock clients write where no project is named.</summary>
    private const string Nobody = "None";

    public void Map(Routes api)
    {
        api.Get(Path, "network:auto_allocated_topologies:show", Show);
        api.Delete(Path, "network:auto_allocated_topologies:delete", Delete);
    }

    private async Task<Answer> Show(Call call)
    {
        var project = Project(call);
        if (project.Fault is { } foreign) return foreign;
        var fields = call.Http.Request.Query["fields"].Where(field => !string.IsNullOrEmpty(field)).ToList();
        if (fields.Contains(DryRun))
        {
            return kernel.Database.Read(session => AutoTopologyService.Unmet(session, call.Access)) is { } missing
                ? missing : View(DryRun + "=pass", project.Value);
        }

        if (fields.Count > 0) return NetworkFaults.BadRequest("auto_allocate", "Unrecognized field");
        if (kernel.Database.Read(session => AutoTopologyStore.Find(session, project.Value)) is { } known) return View(known.NetworkId, project.Value);
        return Answer.Of(
            await kernel.Queue.Write<string>("auto_topology.get", call.Origin, tx => topologies.Get(tx, call.Access, project.Value), call.Stop),
            id => View(id, project.Value));
    }

    private async Task<Answer> Delete(Call call)
    {
        var project = Project(call);
        if (project.Fault is { } foreign) return foreign;
        return Answer.Of(
            await kernel.Queue.Write<Done>("auto_topology.delete", call.Origin, tx => topologies.Delete(tx, call.Access, project.Value), call.Stop),
            _ => Answer.Empty(204));
    }

    private static Outcome<string> Project(Call call)
    {
        var named = call.Route("project");
        if (named == Nobody) named = call.Access.Caller.ProjectId ?? "";
        if (named.Length is 0 or > Attributes.TextCharactersMax) return NetworkFaults.BadRequest("auto_allocate", "A project is needed");
        return call.Access.Covers(named) ? named : new Fault.Forbidden("Not authorized.") { Type = "NotAuthorized" };
    }

    private static Answer View(string id, string project) =>
        Answer.Json(200, new AutoTopologyAnswer(new AutoTopologyView(id, project, project)), NetworkJson.Wire.AutoTopologyAnswer);
}
