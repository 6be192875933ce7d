using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;

namespace Sovereign.KeyManager.Wire;

/// <summary>What Barbican says of what is wrong.</summary>
internal static class KeyFaults
{
    public const string SecretMissing = "Secret not found.";
    public const string ContainerMissing = "Secrets container not found.";

    public static Fault.NotFound Missing(string message) => new("", "") { Message = message };

    /// <summary>A request that is not of the form that it should have.</summary>
    /// <param name="schema">"Secret", "Container", "Order".</param>
    public static Fault.Invalid Mismatch(string schema, string reason, string property) =>
        new(property, $"Provided object does not match schema '{schema}': {reason}. Invalid property: '{property}'");

    /// <param name="what">"Secret retrieval".</param>
    public static Fault.Forbidden Refused(string what) => new($"{what} attempt not allowed - please review your user/project privileges");

    public static Fault? Take(Quotas quotas, Tx tx, string name, string project) =>
        quotas.Take(tx, KeyQuotas.Service, name, project, 1).Fault is Fault.OverQuota over
            ? over with { Message = $"Creation not allowed because a quota has been reached: {over.Limit} {name} are allowed." } : null;

    /// <summary>Null when the text fits.</summary>
    public static Fault? TooLong(string schema, string property, string? text, int lettersMax = 255) =>
        text?.Length > lettersMax ? Mismatch(schema, $"'{text[..32]}...' is too long: at most {lettersMax} characters", property) : null;
}
