using System.Text.Json;
using Sovereign.Identity.Model;
using Sovereign.Identity.Tokens;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Assignments;

/// <summary>Assignments as the API shows them, written straight: a list of all has megabytes.</summary>
/// <param name="names">True: resources by their names too.</param>
internal sealed class AssignmentWriter(House house, bool names)
{
    private static readonly JsonEncodedText id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText name = JsonEncodedText.Encode("name");
    private static readonly JsonEncodedText domain = JsonEncodedText.Encode("domain");
    private static readonly JsonEncodedText linksMember = JsonEncodedText.Encode("links");
    private static readonly JsonEncodedText scope = JsonEncodedText.Encode("scope");
    private static readonly JsonEncodedText assignment = JsonEncodedText.Encode("assignment");
    private readonly string root = house.Link("");
    private readonly IdentityModel model = house.Model;

    public IReadOnlyList<ReadOnlyMemory<byte>> Write(List<FoundAssignment> found, CollectionLinks links)
    {
        var blocks = new BlockWriter();
        using var json = new Utf8JsonWriter(blocks, Standing.Options);
        json.WriteStartObject();
        json.WriteStartArray("role_assignments");
        foreach (var one in found) Write(json, one);
        json.WriteEndArray();
        json.WriteStartObject(linksMember);
        json.WriteString("next", links.Next);
        json.WriteString("self", links.Self);
        json.WriteString("previous", links.Previous);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return blocks.Written();
    }

    private void Write(Utf8JsonWriter json, FoundAssignment found)
    {
        var row = found.Row;
        json.WriteStartObject();
        json.WriteStartObject(linksMember);
        Links(json, found);
        json.WriteEndObject();
        json.WriteStartObject(scope);
        switch (row.TargetKind)
        {
            case "project":
                Named(json, "project", row.TargetId, names ? model.Projects.Find(row.TargetId) : null);
                break;
            case "domain":
                Named(json, "domain", row.TargetId, names ? model.Domains.Find(row.TargetId) : null);
                break;
            default:
                json.WriteStartObject("system");
                json.WriteBoolean("all", true);
                json.WriteEndObject();
                break;
        }

        // The target is where the role comes from or, in effective lists, where it counts.
        if (row.Inherited) json.WriteString("OS-INHERIT:inherited_to", "projects");
        json.WriteEndObject();
        Named(json, "role", row.RoleId, names ? model.Roles.Find(row.RoleId) : null);
        if (row.ActorKind == AssignmentRow.User) Named(json, "user", row.ActorId, names ? model.Users.Find(row.ActorId) : null);
        else Named(json, "group", row.ActorId, names ? model.Groups.Find(row.ActorId) : null);
        json.WriteEndObject();
    }

    private void Links(Utf8JsonWriter json, FoundAssignment found)
    {
        var row = found.Row;
        var origin = found.From ?? row;
        var (prefix, suffix) = row.Inherited ? ("/OS-INHERIT", "/inherited_to_projects") : ("", "");
        var target = origin.TargetKind == "system" ? "/system" : $"/{origin.TargetKind}s/{origin.TargetId}";
        var actor = found.ThroughGroup is null ? $"/{row.ActorKind}s/{row.ActorId}" : "/groups/" + found.ThroughGroup;
        json.WriteString(assignment, $"{root}{prefix}{target}{actor}/roles/{found.PriorRole ?? row.RoleId}{suffix}");
        if (found.ThroughGroup is { } group) json.WriteString("membership", $"{root}/groups/{group}/users/{row.ActorId}");
        if (found.PriorRole is { } prior) json.WriteString("prior_role", $"{root}/prior_role/{prior}/implies/{row.RoleId}");
    }

    /// <param name="entry">Null where names were not asked for.</param>
    private void Named(Utf8JsonWriter json, string kind, string ofId, INamed? entry)
    {
        json.WriteStartObject(kind);
        json.WriteString(id, ofId);
        if (entry is not null)
        {
            json.WriteString(name, entry.Name);
            if (entry.DomainId.Length > 0)
            {
                json.WriteStartObject(domain);
                json.WriteString(id, entry.DomainId);
                if (model.Domains.Find(entry.DomainId) is { } owner) json.WriteString(name, owner.Name);
                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
    }
}
