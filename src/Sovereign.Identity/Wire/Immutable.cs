using Sovereign.Kernel.Outcomes;

namespace Sovereign.Identity.Wire;

/// <summary>Refusals for resources with the option "immutable".</summary>
internal static class Immutable
{
    public static Fault.Forbidden Update(string kind, string id) =>
        new($"Unable to update immutable {kind} resource: `{id}. Set resource option \"immutable\" to false first.");

    public static Fault.Forbidden Delete(string kind, string id) =>
        new($"Unable to delete immutable {kind} resource: `{id}. Set resource option \"immutable\" to false first.");
}
