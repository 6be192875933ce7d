using System.Globalization;
using System.Text;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers;

/// <summary>The query parameters of server lists: which there are, who may use them from which version, and what they mean in SQL.</summary>
internal static class ServerFilters
{
    private static readonly string[] always = ["reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"];
    private static readonly string[] handled =
    [
        "all_tenants", "name", "status", "flavor", "image", "ip", "ip6", "changes-since", "changes-before", "tags", "tags-any", "not-tags", "not-tags-any",
        "reservation_id", "project_id", "tenant_id", "user_id", "uuid", "host", "node", "key_name", "config_drive", "availability_zone", "power_state",
        "task_state", "vm_state", "locked", "hostname", "deleted", "soft_deleted", "created_at", "launched_at", "terminated_at", "progress", "description",
        "access_ip_v4", "access_ip_v6", "auto_disk_config", "kernel_id", "ramdisk_id", "root_device_name", "launch_index", "locked_by", "limit", "marker",
        "block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices", "cell_name", "tenant_id",
        "display_description", "display_name", "updated_at", "image_ref", "instance_type_id",
    ];

    private static readonly string[] openSince83 =
    [
        "availability_zone", "config_drive", "key_name", "created_at", "launched_at", "terminated_at", "power_state", "task_state", "vm_state", "progress",
        "user_id",
    ];

    private static readonly ListColumn[] columns =
    [
        Sorted("created_at", "s.created_at"), Sorted("updated_at", "s.updated_at"), Sorted("launched_at", "s.launched_at"), Sorted("display_name", "s.name"),
        Sorted("uuid", "s.id"), Sorted("vm_state", "s.vm_state"), Sorted("power_state", "s.power_state"), Sorted("project_id", "s.project_id"),
        Sorted("user_id", "s.user_id"), Sorted("hostname", "s.hostname"), Sorted("image_ref", "s.image_id"), Sorted("instance_type_id", "s.flavor_id"),
        Sorted("launch_index", "s.launch_index"), Sorted("config_drive", "s.config_drive"), Sorted("access_ip_v4", "s.access_ipv4"),
        Sorted("access_ip_v6", "s.access_ipv6"), Sorted("task_state", "COALESCE(s.task_state, '')"), Sorted("key_name", "COALESCE(s.key_name, '')"),
        Sorted("display_description", "COALESCE(s.description, '')"), Sorted("availability_zone", "COALESCE(s.zone, '')"),
        Sorted("host", "COALESCE(s.node_id, '')"), Sorted("node", "COALESCE(s.node_id, '')"), Sorted("locked_by", "COALESCE(s.locked_by, '')"),
        Sorted("locked", "CASE WHEN s.locked_by IS NULL THEN 0 ELSE 1 END"), Sorted("auto_disk_config", "s.disk_config"),
    ];

    private static readonly ListShape lenient = new("compute_servers s", "s.id", columns, [new Kernel.Lists.SortKey("created_at", true)]);
    private static readonly ListShape strict = lenient with { RefuseUnknown = true };

    /// <summary>Query parameters whose meaning is one comparison.</summary>
    private static readonly Dictionary<string, string> equals = new(StringComparer.Ordinal)
    {
        ["reservation_id"] = "s.reservation_id = @value", ["user_id"] = "s.user_id = @value",
        ["uuid"] = "s.id = @value", ["key_name"] = "COALESCE(s.key_name, '') = @value",
        ["task_state"] = "COALESCE(s.task_state, '') = @value", ["vm_state"] = "s.vm_state = @value", ["hostname"] = "s.hostname = @value",
        ["description"] = "COALESCE(s.description, '') = @value", ["locked_by"] = "COALESCE(s.locked_by, '') = @value", ["image"] = "s.image_id = @value",
        ["flavor"] = "s.flavor_id = @value", ["access_ip_v4"] = "s.access_ipv4 = @value", ["access_ip_v6"] = "s.access_ipv6 = @value",
        ["host"] = "s.node_id IN (SELECT h.node_id FROM compute_hosts h WHERE h.host_name = @value)",
        ["node"] = "s.node_id IN (SELECT h.node_id FROM compute_hosts h WHERE h.host_name = @value)",
    };

    /// <param name="nodesOf">Ids of the nodes of a zone.</param>
    public static Outcome<AskedServers> Read(Call call, Func<string, string[]> nodesOf)
    {
        var (access, version) = (call.Access, call.Version);
        var parsed = ListRequest.Parse(call.Http.Request.Query, version.Has(75) ? strict : lenient, handled);
        if (parsed.Fault is { } wrong) return wrong;
        var request = parsed.Value;
        var project = Project(call, out var refused);
        if (refused is not null) return refused;
        if (project is not null) request.Where("s.project_id = @value", project);
        foreach (var name in equals.Keys)
        {
            if (Given(call, name) is { } value) request.Where(equals[name], name is "flavor" or "image" ? Wire.LastPart(value) : value);
        }

        if (Given(call, "availability_zone") is { } zone) request.Where("COALESCE(s.node_id, '') IN @value", nodesOf(zone));
        if (Numbers(call, request) is { } notNumber) return notNumber;
        if (Texts(call, request) is { } wrongText) return wrongText;
        Tags(call, request);
        var deleted = Times(call, request, project);
        if (deleted.Fault is { } wrongTime) return wrongTime;
        return Status(call, request, deleted.Value, project);
    }

    private static ListColumn Sorted(string name, string sql) => new(name, sql, Filterable: false);

    /// <summary>The value of a filter that this caller may use in this version; others are ignored, as in the original.</summary>
    private static string? Given(Call call, string name)
    {
        if (call.Query(name) is not { } value) return null;
        var open = call.Access.Everything || Array.IndexOf(always, name) >= 0
            || name switch
            {
                "ip6" => call.Version.Has(5),
                "tags" or "tags-any" or "not-tags" or "not-tags-any" => call.Version.Has(26),
                "changes-before" => call.Version.Has(66),
                "locked" => call.Version.Has(73),
                _ => call.Version.Has(83) && Array.IndexOf(openSince83, name) >= 0,
            };
        return open ? value : null;
    }

    private static string? Project(Call call, out Fault? refused)
    {
        refused = null;
        var own = call.Access.Caller.ProjectId ?? "";
        if (call.Query("all_tenants") is not { } text) return own;
        if (text.Length > 0 && Wire.Truth(text) is not { } all) refused = new Fault.Invalid(
            "all_tenants", $"Invalid input for query parameters all_tenants. Value: {text}.");
        else if (text.Length == 0 || Wire.Truth(text) == true)
        {
            if (call.Access.Everything) return call.Query("project_id") ?? call.Query("tenant_id");
            refused = new Fault.Forbidden("Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.");
        }

        return own;
    }

    private static Fault? Numbers(Call call, ListRequest request)
    {
        foreach (var (name, sql) in new[] { ("power_state", "s.power_state = @value"), ("launch_index", "s.launch_index = @value") })
        {
            if (Given(call, name) is not { } text) continue;
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return new Fault.Invalid(name, $"Invalid filter {name}.");
            request.Where(sql, number);
        }

        foreach (var (name, sql) in new[] { ("config_drive", "s.config_drive = @value"), ("locked", "(CASE WHEN s.locked_by IS NULL THEN 0 ELSE 1 END) = @value") })
        {
            if (Given(call, name) is not { } text) continue;
            if (Wire.Truth(text) is not { } truth) return new Fault.Invalid(name, $"Invalid filter {name}.");
            request.Where(sql, truth ? 1L : 0L);
        }

        return null;
    }

    private static Fault? Texts(Call call, ListRequest request)
    {
        foreach (var (name, column) in new[] { ("name", "s.name"), ("ip", "s.addresses"), ("ip6", "s.addresses") })
        {
            if (Given(call, name) is not { } text) continue;
            var pattern = Pattern(text, name == "name" ? "" : " ");
            if (pattern.Fault is { } wrong) return wrong;
            request.Where($"{column} LIKE @value ESCAPE '!'", pattern.Value);
        }

        return null;
    }

    /// <summary>A regular expression of the simple kind as a LIKE pattern: ^ $ . .* and escapes; what is more is refused, so that no pattern is slow.</summary>
    /// <param name="edge">What stands around each value in the column: an anchor means it.</param>
    internal static Outcome<string> Pattern(string text, string edge)
    {
        const int LengthMax = 255;
        if (text.Length > LengthMax) return new Fault.Invalid("name", "The filter is longer than 255 characters.");
        var pattern = new StringBuilder();
        var (start, end) = (0, text.Length);
        var anchored = text.StartsWith('^');
        if (anchored) start = 1;
        var closed = text.EndsWith('$') && !text.EndsWith("\\$", StringComparison.Ordinal);
        if (closed && end > start) end--;
        pattern.Append(anchored && edge.Length == 0 ? "" : "%").Append(anchored ? edge : "");
        for (var i = start; i < end; i++)
        {
            var c = text[i];
            switch (c)
            {
                case '.' when i + 1 < end && text[i + 1] == '*':
                    pattern.Append('%');
                    i++;
                    break;
                case '.' when edge.Length == 0:
                    pattern.Append('_');
                    break;
                case '\\' when i + 1 < end:
                    Literal(pattern, text[++i]);
                    break;
                case '[' or ']' or '(' or ')' or '{' or '}' or '*' or '+' or '?' or '|' or '^' or '\\' or '$':
                    return new Fault.Invalid("name", $"'{text}' is not understood: of regular expressions ^ $ . .* and \\ can be used here.");
                default:
                    Literal(pattern, c);
                    break;
            }
        }

        pattern.Append(closed ? edge : "").Append(closed && edge.Length == 0 ? "" : "%");
        return pattern.ToString();
    }

    private static void Literal(StringBuilder pattern, char c)
    {
        if (c is '%' or '_' or '!') pattern.Append('!');
        pattern.Append(c);
    }

    private static void Tags(Call call, ListRequest request)
    {
        const string Having = "(SELECT t.server_id FROM compute_server_tags t WHERE t.tag ";
        if (List("tags") is { } all) foreach (var tag in all) request.Where($"s.id IN {Having}= @value)", tag);
        if (List("tags-any") is { } any) request.Where($"s.id IN {Having}IN @value)", any);
        if (List("not-tags-any") is { } none) request.Where($"s.id NOT IN {Having}IN @value)", none);
        if (List("not-tags") is { } notAll)
        {
            var count = notAll.Length.ToString(CultureInfo.InvariantCulture);
            request.Where($"(SELECT COUNT(*) FROM compute_server_tags t WHERE t.server_id = s.id AND t.tag IN @value) < {count}", notAll);
        }

        string[]? List(string name) => Given(call, name) is { Length: > 0 } text ? [.. text.Split(',').Distinct(StringComparer.Ordinal)] : null;
    }

    private static Outcome<DeletedFilter?> Times(Call call, ListRequest request, string? project)
    {
        long? since = null, before = null;
        if (Given(call, "changes-since") is { } after && (since = Time(after)) is null) return Wrong("changes-since", after);
        if (Given(call, "changes-before") is { } until && (before = Time(until)) is null) return Wrong("changes-before", until);
        if (since is null && before is null) return (DeletedFilter?)null;
        if (since > before) return new Fault.Invalid("changes-since", "The value of changes-since must be less than or equal to changes-before.");
        if (since is { } from) request.Where("s.updated_at >= @value", from);
        if (before is { } to) request.Where("s.updated_at <= @value", to);
        return new DeletedFilter(project, since ?? 0, before ?? long.MaxValue);
    }

    private static Fault Wrong(string name, string text) => new Fault.Invalid(
        name, $"Invalid input for query parameters {name}. Value: {text}. '{text}' is not a 'date-time'");

    /// <summary>An ISO 8601 time; a plus sign of its zone arrives as a space when the client did not escape it.</summary>
    internal static long? Time(string text)
    {
        var tail = text.LastIndexOf(' ');
        var whole = tail > 10 ? text[..tail] + "+" + text[(tail + 1)..] : text;
        return text.Length >= 10 && text[4] == '-' && DateTimeOffset.TryParse(whole, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Micros.Of(time)
            : null;
    }

    private static Outcome<AskedServers> Status(Call call, ListRequest request, DeletedFilter? deleted, string? project)
    {
        var graves = new DeletedFilter(project, deleted?.Since ?? 0, deleted?.Before ?? long.MaxValue);
        if (call.Access.Everything && call.Query("deleted") is { } only && Wire.Truth(only) == true) return new AskedServers(request, graves, true);
        if (!call.Http.Request.Query.TryGetValue("status", out var values)) return new AskedServers(request, deleted, false);
        var wanted = values.Select(value => (value ?? "").ToUpperInvariant()).ToArray();
        if (wanted.Contains("DELETED"))
        {
            return call.Access.Everything ? new AskedServers(request, graves, true) : new Fault.Forbidden("Only administrators may list deleted instances");
        }

        if (call.Version.Has(38) && wanted.FirstOrDefault(value => !ServerStates.Known.Contains(value)) is not null)
        {
            return new Fault.Invalid("status", "Invalid status value");
        }
        request.Where("s.status IN @value", wanted);

        // A list by status shows living servers, whatever else it asks for.
        return new AskedServers(request, null, false);
    }
}
