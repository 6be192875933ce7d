using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute;

/// <summary>Maps each route of v2.1 and of v2, which is v2.1 without microversions: plain, and in the older form with the project's id in the path, which
/// must be the token's.</summary>
internal sealed class BothRoutes(Routes plain)
{
    private const string Project = "/{project_id:length(32)}";
    private readonly Routes[] own = [plain, plain.Under(ComputeModule.PrefixV2, microversions: false)];
    private readonly Routes[] legacy =
    [
        plain.Under(ComputeModule.Prefix + Project), plain.Under(ComputeModule.PrefixV2 + Project, microversions: false),
    ];

    public void Get(string pattern, string rule, Func<Call, Task<Answer>> handler) => Each(handler, (api, run) => api.Get(pattern, rule, run));

    public void Post(string pattern, string rule, Func<Call, Task<Answer>> handler) => Each(handler, (api, run) => api.Post(pattern, rule, run));

    public void Put(string pattern, string rule, Func<Call, Task<Answer>> handler) => Each(handler, (api, run) => api.Put(pattern, rule, run));

    public void Delete(string pattern, string rule, Func<Call, Task<Answer>> handler) => Each(handler, (api, run) => api.Delete(pattern, rule, run));

    private void Each(Func<Call, Task<Answer>> handler, Action<Routes, Func<Call, Task<Answer>>> map)
    {
        foreach (var api in own) map(api, handler);
        foreach (var api in legacy) map(api, call => OwnProject(call, handler));
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
