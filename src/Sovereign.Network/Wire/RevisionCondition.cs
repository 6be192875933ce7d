using System.Globalization;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Wire;

/// <summary>If-Match: revision_number=5 on a change: it is made only while the resource has this revision.</summary>
internal static class RevisionCondition
{
    private const string Prefix = "revision_number=";

    /// <summary>Null when the request has no condition or it holds.</summary>
    public static Fault? Refusal(Call call, long revision)
    {
        if (call.Header("If-Match") is not { } condition) return null;
        var number = condition.StartsWith(Prefix, StringComparison.Ordinal) ? condition[Prefix.Length..] : "";
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var expected))
        {
            return new Fault.Invalid("If-Match", "Invalid If-Match: revision_number=<number> is expected.");
        }

        return expected == revision ? null : new Fault.PreconditionFailed($"Constrained to {expected}, but current revision is {revision}")
        {
            Type = "RevisionNumberConstraintFailed",
        };
    }
}
