using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Rbac;

/// <summary>shared=true in lists: what everyone or the caller's project may use.</summary>
internal static class SharedFilter
{
    public static Fault? Narrow(Call call, ListRequest request, IRoom room)
    {
        if (call.Query("shared") is not { } value) return null;
        var wanted = value.ToLowerInvariant() switch { "true" or "1" => "IN", "false" or "0" => "NOT IN", _ => null };
        if (wanted is null) return NetworkFaults.Attribute("shared", $"'{value}' is not a valid boolean value");
        // The kind is ours; only the project comes from outside.
        request.Where(
            $"{request.Shape.Id} {wanted} (SELECT object_id FROM rbac_policies WHERE object_type = '{room.Kind}' AND action = '{RbacActions.Shared}' "
            + "AND target IN ('*', @value))",
            call.Access.Caller.ProjectId ?? RbacPolicyRow.Everyone);
        return null;
    }
}
