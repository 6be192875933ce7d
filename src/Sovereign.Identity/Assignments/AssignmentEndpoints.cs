using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Assignments;

internal sealed class AssignmentEndpoints(House house, AssignmentQuery assignments)
{
    public void Map(Routes api)
    {
        api.Get("/role_assignments", "identity:list_role_assignments", List);
        api.Head("/role_assignments", "identity:list_role_assignments", List);
    }

    private Task<Answer> List(Call call)
    {
        var found = AssignmentFilter.Parse(call.Http.Request.Query).Then(filter =>
            assignments.List(call.Access, filter).Map(rows => new AssignmentWriter(house, filter.Names).Write(rows, CollectionLinks.Of(call))));
        return Task.FromResult(Answer.Of(found, parts => Answer.Pieces(200, parts)));
    }
}
