using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Transcripts;

/// <summary>A difference between the recorded answer and ours: where, and what each says.</summary>
internal sealed record Difference(string Field, string Recorded, string Ours);

/// <summary>Compares answers member by member: the same names, types and values, with ids as they correspond.</summary>
internal sealed class Comparison(Correspondence names)
{
    private const int ShownCharacters = 120;

    /// <summary>Members whose value is the machine's, the moment's or the secret's: only their type is compared.</summary>
    private static readonly HashSet<string> measured =
    [
        // Of the machine and its load.
        "hypervisor_version", "vcpus", "vcpus_used", "memory_mb", "memory_mb_used", "local_gb", "local_gb_used", "free_ram_mb", "free_disk_gb", "running_vms",
        "disk_available_least", "cpu_info", "container", "host_ip", "hypervisor_hostname", "host", "count", "used_ips", "total_ips",
        // Of the moment.
        "hours", "uptime", "total_hours", "total_local_gb_usage", "total_vcpus_usage", "total_memory_mb_usage", "revision_number",
        // Of the content and of secrets.
        "size", "audit_ids", "public_key", "private_key", "standard_attr_id", "fingerprint", "output", "adminPass", "secret", "blob", "hostId",
    ];

    /// <summary>A member of one of these tells what a list's element is; elements that differ in it are not the same.</summary>
    private static readonly string[] identities = ["id", "alias", "name", "type", "interface", "rel", "binary", "agent_type", "zoneName", "addr", "ip_address"];

    private static readonly string[] labels = ["alias", "name", "type", "interface", "binary", "agent_type", "zoneName", "rel"];

    public List<Difference> Answers(JsonNode? recorded, JsonNode? ours, bool learn)
    {
        var found = new List<Difference>();
        Compare("$", "", recorded, ours, learn, found);
        return found;
    }

    private void Compare(string path, string member, JsonNode? recorded, JsonNode? ours, bool learn, List<Difference> found)
    {
        var (theirKind, ourKind) = (recorded?.GetValueKind() ?? JsonValueKind.Null, ours?.GetValueKind() ?? JsonValueKind.Null);
        if (Broad(theirKind) != Broad(ourKind)) found.Add(new Difference(path, Shown(recorded), Shown(ours)));
        else if (recorded is JsonObject theirs && ours is JsonObject own) Objects(path, theirs, own, learn, found);
        else if (recorded is JsonArray theirItems && ours is JsonArray ourItems) Arrays(path, member, theirItems, ourItems, learn, found);
        else if (!IsMeasured(path, member) && !Values(recorded, ours, learn)) found.Add(new Difference(path, Shown(recorded), Shown(ours)));
    }

    private void Objects(string path, JsonObject recorded, JsonObject ours, bool learn, List<Difference> found)
    {
        foreach (var (name, value) in recorded)
        {
            var own = ours.ContainsKey(name) ? name : names.Translate(name);
            if (ours.ContainsKey(own)) Compare($"{path}.{name}", name, value, ours[own], learn, found);
            else found.Add(new Difference($"{path}.{name}", Shown(value), "absent"));
        }

        foreach (var (name, value) in ours)
        {
            if (!recorded.ContainsKey(name)) found.Add(new Difference($"{path}.{name}", "absent", Shown(value)));
        }
    }

    /// <summary>Elements are paired by what they are, then by likeness: the order of a list is not promised.</summary>
    private void Arrays(string path, string member, JsonArray recorded, JsonArray ours, bool learn, List<Difference> found)
    {
        var left = Enumerable.Range(0, ours.Count).ToList();
        for (var i = 0; i < recorded.Count; i++)
        {
            var best = left.Where(j => CanBe(recorded[i], ours[j])).Select(j => (Index: j, Apart: Trial(path, member, recorded[i], ours[j])))
                .OrderBy(candidate => candidate.Apart).FirstOrDefault((-1, int.MaxValue));
            if (best.Item1 < 0)
            {
                found.Add(new Difference($"{path}[{Label(recorded[i], i)}]", Shown(recorded[i]), "absent"));
                continue;
            }

            left.Remove(best.Item1);
            Compare($"{path}[{Label(recorded[i], i)}]", member, recorded[i], ours[best.Item1], learn, found);
        }

        foreach (var j in left) found.Add(new Difference($"{path}[{Label(ours[j], j)}]", "absent", Shown(ours[j])));
    }

    private int Trial(string path, string member, JsonNode? recorded, JsonNode? ours)
    {
        var found = new List<Difference>();
        Compare(path, member, recorded, ours, learn: false, found);
        return found.Count;
    }

    private bool CanBe(JsonNode? recorded, JsonNode? ours)
    {
        if (recorded is not JsonObject theirs || ours is not JsonObject own) return recorded is JsonObject == ours is JsonObject;
        return identities.All(name => theirs[name] is not JsonValue a || own[name] is not JsonValue b
            || a.GetValueKind() != JsonValueKind.String || b.GetValueKind() != JsonValueKind.String || names.Same((string)a!, (string)b!, learn: false));
    }

    private bool Values(JsonNode? recorded, JsonNode? ours, bool learn)
    {
        if (recorded is null) return ours is null;
        if (recorded.GetValueKind() != JsonValueKind.String) return JsonNode.DeepEquals(recorded, ours);
        var (theirs, own) = ((string)recorded!, (string)ours!);
        return (theirs.StartsWith('<') && theirs.EndsWith('>') && !theirs.Contains('\n', StringComparison.Ordinal)) || names.Same(theirs, own, learn);
    }

    private static bool IsMeasured(string path, string member) =>
        measured.Contains(member) && !(member is "memory_mb" or "local_gb" or "vcpus" && path.Contains("usages", StringComparison.Ordinal))
        && !(member is "vcpus" && path.Contains("flavor", StringComparison.Ordinal));

    private static JsonValueKind Broad(JsonValueKind kind) => kind == JsonValueKind.False ? JsonValueKind.True : kind;

    /// <summary>What an element is called in a field's path: stable from run to run.</summary>
    private static string Label(JsonNode? element, int index)
    {
        if (element is JsonValue value && Text(value) is { Length: < 32 } word && !word.Contains('.', StringComparison.Ordinal)) return word;
        return labels.Select(name => Text((element as JsonObject)?[name])).FirstOrDefault(label => label is { Length: > 0 }) ?? $"{index}";
    }

    private static string? Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? (string?)node : null;

    private static string Shown(JsonNode? node)
    {
        var text = node?.ToJsonString() ?? "null";
        return text.Length > ShownCharacters ? text[..ShownCharacters] + "…" : text;
    }
}
