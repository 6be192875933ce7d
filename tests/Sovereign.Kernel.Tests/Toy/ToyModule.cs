using System.Text.Json.Serialization;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Kernel.Tests.Toy;

/// <summary>The external world of the toy: things that outlive the process. Every call is a crash point before and after.</summary>
internal sealed class ToyMachine
{
    public HashSet<string> Things { get; } = new(StringComparer.Ordinal);

    public Action<string> Reach { get; set; } = _ => { };

    public void Make(string id)
    {
        Reach("before make");
        Things.Add(id);
        Reach("after make");
    }

    public void Unmake(string id)
    {
        Reach("before unmake");
        Things.Remove(id);
        Reach("after unmake");
    }
}

/// <summary>Bugs that the harness must find.</summary>
internal enum PlantedBug
{
    None,
    RowGoesBeforeItsThing,
    ActiveBeforeItsThing,
    QuotaForgotten,
}

/// <summary>The smallest resource with a life of its own: a row, a thing, a quota.</summary>
internal sealed class ToyModule(KernelServices kernel, ToyMachine machine, PlantedBug bug) : IModule, IReconciler
{
    private static readonly IReadOnlyList<AccessRule> table = [new("toy:widgets", "admin or project_member")];

    public string Name => "toy";

    public ServiceFace? Face { get; } = new("toy", "toy", "/toy", Dialect.Nova);

    public IReadOnlyList<AccessRule> Access => table;

    public IReadOnlyList<QuotaResource> Quotas => [new("toy", "widgets", 3, "SELECT project_id, COUNT(*) AS used FROM widgets GROUP BY project_id")];

    public IReadOnlyList<IReconciler> Reconcilers => [this];

    public string Kind => "widget";

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(Face!);
        api.Post("/widgets/{id}", "toy:widgets", async call => Answer.Of(await Create(call.Access, call.Route("id")), _ => Answer.Empty(202)));
        api.Delete("/widgets/{id}", "toy:widgets", async call => Answer.Of(await Delete(call.Access, call.Route("id")), _ => Answer.Empty(204)));
        api.Get("/widgets/{id}", "toy:widgets", call => Task.FromResult(
            Find(call.Route("id")) is { } row ? Answer.Json(200, row, ToyJson.Default.WidgetRow) : new Fault.NotFound("Widget", call.Route("id"))));
    }

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var row = Find(id);
        if (row is null) return Progress.Done;
        if (row.Deleting) return await Unmake(row, stop);
        if (bug != PlantedBug.ActiveBeforeItsThing) machine.Make(id);
        await kernel.Queue.Write<Done>("widget.active", Origin.System, tx => Change(tx, "UPDATE widgets SET status = 'active' WHERE id = @Id", row, Kernel.Journal.Change.Updated), stop);
        if (bug == PlantedBug.ActiveBeforeItsThing) machine.Make(id);
        return Progress.Done;
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Task.CompletedTask;

    private async Task<Progress> Unmake(WidgetRow row, CancellationToken stop)
    {
        if (bug != PlantedBug.RowGoesBeforeItsThing) machine.Unmake(row.Id);
        await kernel.Queue.Write<Done>(
            "widget.gone",
            Origin.System,
            tx =>
            {
                if (bug != PlantedBug.QuotaForgotten) kernel.Quotas.Give(tx, "toy", "widgets", row.ProjectId, 1);
                return Change(tx, "DELETE FROM widgets WHERE id = @Id", row, Kernel.Journal.Change.Deleted);
            },
            stop);
        if (bug == PlantedBug.RowGoesBeforeItsThing) machine.Unmake(row.Id);
        return Progress.Done;
    }

    private static Outcome<Done> Change(Tx tx, string sql, WidgetRow row, Change change)
    {
        if (tx.Execute(sql, row) == 1) tx.Record("widget", row.Id, row.ProjectId, change, row, ToyJson.Default.WidgetRow);
        return Done.Value;
    }

    private Task<Outcome<Done>> Create(AccessGrant access, string id) => kernel.Queue.Write<Done>("widget.create", access.Origin, tx =>
    {
        var row = new WidgetRow { Id = id, ProjectId = access.ProjectId, Status = "building" };
        if (tx.Execute("INSERT INTO widgets (id, project_id, status, deleting) VALUES (@Id, @ProjectId, @Status, 0) ON CONFLICT (id) DO NOTHING", row) == 0)
        {
            return new Fault.Conflict("There is one already.");
        }

        tx.Record("widget", id, row.ProjectId, Kernel.Journal.Change.Created, row, ToyJson.Default.WidgetRow);
        tx.Due("widget", id);
        return kernel.Quotas.Take(tx, "toy", "widgets", row.ProjectId, 1);
    });

    private Task<Outcome<Done>> Delete(AccessGrant access, string id) => kernel.Queue.Write<Done>("widget.delete", access.Origin, tx =>
    {
        if (tx.Execute("UPDATE widgets SET deleting = 1 WHERE id = @id AND project_id = @ProjectId", new { id, access.ProjectId }) == 0) return new Fault.NotFound("Widget", id);
        tx.Due("widget", id);
        return Done.Value;
    });

    private WidgetRow? Find(string id) => kernel.Database.Read(s => s.FirstOrDefault<WidgetRow>("SELECT * FROM widgets WHERE id = @id", new { id }));
}

internal sealed record WidgetRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Status { get; init; } = "";

    public bool Deleting { get; init; }
}

[JsonSerializable(typeof(WidgetRow))]
internal sealed partial class ToyJson : JsonSerializerContext;
