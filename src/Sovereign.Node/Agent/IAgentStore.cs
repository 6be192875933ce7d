using System.Text.Json.Serialization;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Agent;

/// <summary>What the agent remembers of its manifests: written before a thing is made, forgotten after it is gone.
/// So it is also the list of all that manifests ever named, which the sweep goes by.</summary>
public interface IAgentStore
{
    Task<IReadOnlyList<StoredItem>> Load(CancellationToken stop);

    Task Save(StoredItem item, CancellationToken stop);

    Task Forget(string kind, string id, CancellationToken stop);
}

/// <summary>What the agent keeps of one item over its own restarts.</summary>
/// <param name="Incarnation">The journal's incarnation that last named the item.</param>
/// <param name="HaltedVersion">For domains: the item version under which the guest was found to have stopped by itself (or was stopped);
/// only a newer one starts it. For contents of volumes: the item version under which they were sent.
/// For swaps of volumes: the item version under which both volumes had the same bytes, or -2 when it failed.</param>
/// <param name="Was">The last item with a spec, when <see cref="Item"/> says that the thing must be absent: what it stood on, until it is
/// gone.</param>
public sealed record StoredItem(ManifestItem Item, string Incarnation, long HaltedVersion = -1, ManifestItem? Was = null)
{
    [JsonIgnore]
    internal ManifestItem Spec => Item.Absent ? Was ?? Item : Item;
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredItem))]
[JsonSerializable(typeof(NodeWelcome))]
internal sealed partial class AgentJson : JsonSerializerContext;
