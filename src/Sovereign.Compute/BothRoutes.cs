using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute;

/// <summary>Maps each route twice: plain, and in the older form with the project's id in the path, which must be the token's.</summary>
internal sealed class BothRoutes(Routes plain)
{
    private readonly Routes legacy = plain.Under(ComputeModule.Prefix + "/{project_id:length(32)}");

    public void Get(string pattern, string rule, Func<Call, Task<Answer>> handler)
    {
        plain.Get(pattern, rule, handler);
        legacy.Get(pattern, rule, call => OwnProject(call, handler));
    }

    public void Post(string pattern, string rule, Func<Call, Task<Answer>> handler)
    {
        plain.Post(pattern, rule, handler);
        legacy.Post(pattern, rule, call => OwnProject(call, handler));
    }

    public void Put(string pattern, string rule, Func<Call, Task<Answer>> handler)
    {
        plain.Put(pattern, rule, handler);
        legacy.Put(pattern, rule, call => OwnProject(call, handler));
    }

    public void Delete(string pattern, string rule, Func<Call, Task<Answer>> handler)
    {
        plain.Delete(pattern, rule, handler);
        legacy.Delete(pattern, rule, call => OwnProject(call, handler));
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
