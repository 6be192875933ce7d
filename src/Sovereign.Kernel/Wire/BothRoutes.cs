using Sovereign.Kernel.Outcomes;

namespace Sovereign.Kernel.Wire;

/// <summary>Maps each route twice: plain, and in the older form with the project's id in the path, which must be the token's.</summary>
/// <param name="own">Mappers of the plain routes.</param>
/// <param name="inProject">Mappers whose prefix ends in <see cref="Project"/>.</param>
public sealed class BothRoutes(IReadOnlyList<Routes> own, IReadOnlyList<Routes> inProject)
{
    /// <summary>The part of a prefix that takes the project's id.</summary>
    public const string Project = "/{project_id:length(32)}";

    public void Get(string pattern, string rule, Func<Call, Task<Answer>> handler) => Each(handler, (api, run) => api.Get(pattern, rule, run));

    public void Post(string pattern, string rule, Func<Call, Task<Answer>> handler) => Each(handler, (api, run) => api.Post(pattern, rule, run));

    public void Put(string pattern, string rule, Func<Call, Task<Answer>> handler) => Each(handler, (api, run) => api.Put(pattern, rule, run));

    public void Delete(string pattern, string rule, Func<Call, Task<Answer>> handler) => Each(handler, (api, run) => api.Delete(pattern, rule, run));

    private void Each(Func<Call, Task<Answer>> handler, Action<Routes, Func<Call, Task<Answer>>> map)
    {
        foreach (var api in own) map(api, handler);
        foreach (var api in inProject) map(api, call => OwnProject(call, handler));
    }

    private static Task<Answer> OwnProject(Call call, Func<Call, Task<Answer>> handler)
    {
        var (named, own) = (call.Route("project_id"), call.Access.Caller.ProjectId ?? "");
        return named == own
            ? handler(call)
            : Task.FromResult<Answer>(new Fault.Invalid(
                "project_id", $"Malformed request URL: URL's project_id '{named}' doesn't match Context's project_id '{own}'"));
    }
}
