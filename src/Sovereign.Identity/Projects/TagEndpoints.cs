using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Projects;

/// <summary>The tags of a project, one by one and all together.</summary>
internal sealed class TagEndpoints(House house, ProjectService projects)
{
    public void Map(Routes api)
    {
        const string Path = "/projects/{id}/tags";
        api.Get(Path, "identity:list_project_tags", call => Read(call, "identity:list_project_tags", row => All(row)));
        api.Put(Path, "identity:update_project_tags", Replace);
        api.Delete(Path, "identity:delete_project_tags", call => Change(call, "identity:delete_project_tags", _ => Outcome.Of<IReadOnlyList<string>>([]), 204));
        api.Get(Path + "/{tag}", "identity:get_project_tag", One);
        api.Head(Path + "/{tag}", "identity:get_project_tag", One);
        api.Put(Path + "/{tag}", "identity:create_project_tag", call => Change(
            call, "identity:create_project_tag", tags => Outcome.Of<IReadOnlyList<string>>([.. tags, call.Route("tag")]), 201));
        api.Delete(Path + "/{tag}", "identity:delete_project_tag", call => Change(
            call, "identity:delete_project_tag", tags => Without(tags, call), 204));
    }

    private Task<Answer> One(Call call) => Read(
        call, "identity:get_project_tag", row => Members.ShowTags(row.Tags).Contains(call.Route("tag")) ? Answer.Empty(204) : NoTag(call));

    private Task<Answer> Read(Call call, string rule, Func<ProjectRow, Answer> answer) =>
        Task.FromResult(Answer.Of(projects.Show(call.Access, call.Route("id"), rule), answer));

    private async Task<Answer> Replace(Call call)
    {
        var body = await call.Body(ProjectJson.Wire.TagsBody);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(await projects.Tag(call.Access, "identity:update_project_tags", call.Route("id"), _ => Outcome.Of(body.Value.Tags), call.Stop), All);
    }

    private async Task<Answer> Change(Call call, string rule, Func<IReadOnlyList<string>, Outcome<IReadOnlyList<string>>> change, int status)
    {
        var changed = await projects.Tag(call.Access, rule, call.Route("id"), change, call.Stop);
        return Answer.Of(changed, row =>
        {
            var answer = Answer.Empty(status);
            return status == 201 ? answer.With("Location", house.Link($"/projects/{row.Id}/tags/{Uri.EscapeDataString(call.Route("tag"))}")) : answer;
        });
    }

    private Answer All(ProjectRow row) => Answer.Json(
        200, new TagsAnswer(Members.ShowTags(row.Tags), new(house.Link($"/projects/{row.Id}/tags"))), ProjectJson.Wire.TagsAnswer);

    private static Outcome<IReadOnlyList<string>> Without(IReadOnlyList<string> tags, Call call) => tags.Contains(call.Route("tag"))
        ? Outcome.Of<IReadOnlyList<string>>([.. tags.Where(tag => tag != call.Route("tag"))]) : NoTag(call);

    private static Fault.NotFound NoTag(Call call) => new("project tag", call.Route("tag"));
}
