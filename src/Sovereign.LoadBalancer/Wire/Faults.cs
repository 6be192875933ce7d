using Sovereign.Kernel.Outcomes;

namespace Sovereign.LoadBalancer.Wire;

/// <summary>Faults in Octavia's words.</summary>
internal static class Faults
{
    public static Fault Missing(string kind, string id) => new Fault.NotFound(Kinds.Shown(kind), id);

    public static Fault Validation(string detail) => new Fault.Invalid("", $"Validation failure: {detail}");

    public static Fault Attribute(string name, object? value, string reason) =>
        new Fault.Invalid(name, $"Invalid input for field/attribute {name}. Value: '{value}'. {reason}");

    public static Fault Required(string name) => new Fault.Invalid(name, $"Invalid input for field/attribute {name}. Value: 'None'. Mandatory field missing.");

    public static Fault Unchangeable(string name) =>
        new Fault.Invalid(name, $"Unknown attribute: {name}. It is given when the resource is made and does not change.");

    public static Fault Immutable(string kind, string id) => new Fault.Conflict($"{Kinds.Shown(kind)} {id} is immutable and cannot be updated.");

    /// <summary>501, as Octavia says it of options that its driver does not know.</summary>
    public static Fault Unsupported(string what) => new Fault.NotImplemented($"Provider '{Providers.Provider.Name}' does not support a requested option: {what}");

    public static Fault Exists(string message) => new Fault.Conflict(message);
}
