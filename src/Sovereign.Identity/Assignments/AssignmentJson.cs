using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Assignments;

/// <summary>An assignment as the journal has it.</summary>
internal sealed record AssignmentDocument(string ActorKind, string ActorId, string TargetKind, string TargetId, string RoleId, bool Inherited);

[JsonSerializable(typeof(AssignmentDocument))]
internal sealed partial class AssignmentJson : JsonSerializerContext
{
    public static readonly AssignmentJson Wire = new(WireJson.Options());
}
