using Sovereign.Image.Images;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Tasks;

/// <summary>What imports are under way and how past ones went: all for administrators, those of an image for whoever sees the image's project.</summary>
internal sealed class TaskEndpoints(KernelServices kernel)
{
    public void Map(Routes api)
    {
        api.Get("/tasks", "image:tasks:list", List);
        api.Get("/tasks/{id}", "image:tasks:show", Show);
        api.Get("/images/{id}/tasks", "image:images:tasks", OfImage);
    }

    private Task<Answer> List(Call call)
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, TaskStore.Shape);
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        if (call.Query("status") is { } status && !TaskStatuses.All.Contains(status))
        {
            return Task.FromResult<Answer>(new Fault.Invalid("status", $"Invalid status value: {status}"));
        }

        if (call.Access.OnlyProject is { } project) parsed.Value.Where("t.owner = @value", project);
        var page = kernel.Database.Read(session => ListSql.Page<TaskRow>(session, parsed.Value, "t.*"));
        return Task.FromResult(Answer.Of(page, found =>
        {
            var next = PageLinks.Next(call, parsed.Value, found, task => task.Id);
            var list = new TaskList(
                found.Items.Select(TaskBrief.From).ToList(), "/v2/tasks" + call.Http.Request.QueryString.Value, "/v2/schemas/tasks",
                next is null ? null : "/v2/tasks" + next[next.IndexOf('?', StringComparison.Ordinal)..]);
            return Answer.Json(200, list, ImageJson.Wire.TaskList);
        }));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(
        kernel.Database.Read(session => Find(session, call.Access, call.Route("id"))), row => Answer.Json(200, TaskView.From(row), ImageJson.Wire.TaskView)));

    private Task<Answer> OfImage(Call call) => Task.FromResult(Answer.Of(
        kernel.Database.Read(session => ImageLookup.Visible(session, call.Access, call.Route("id")).Map(image =>
            TaskStore.Of(session, image.Id).FindAll(task => call.Access.Covers(task.Owner)))),
        tasks => Answer.Json(200, new ImageTasks(tasks.Select(TaskView.From).ToList()), ImageJson.Wire.ImageTasks)));

    private static Outcome<TaskRow> Find(Session session, AccessGrant access, string id) =>
        TaskStore.Find(session, id) is { } row && access.Covers(row.Owner) ? row : new Fault.NotFound("task", id) { Message = $"No task found with ID {id}" };
}
