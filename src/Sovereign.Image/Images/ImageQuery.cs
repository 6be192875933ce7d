using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;

namespace Sovereign.Image.Images;

/// <summary>The filters of a list of images; whatever is no known filter is a property of the image.</summary>
internal static class ImageQuery
{
    private static readonly HashSet<string> paging = new(StringComparer.Ordinal) { "limit", "marker", "sort", "sort_key", "sort_dir", "visibility", "member_status", "os_hidden" };

    private static readonly Dictionary<string, string> texts = new(StringComparer.Ordinal)
    {
        ["name"] = "COALESCE(i.name, '')", ["status"] = "i.status", ["owner"] = "i.owner", ["id"] = "i.id", ["disk_format"] = "COALESCE(i.disk_format, '')",
        ["container_format"] = "COALESCE(i.container_format, '')", ["checksum"] = "COALESCE(i.checksum, '')", ["os_hash_value"] = "COALESCE(i.os_hash_value, '')",
    };

    private static readonly Dictionary<string, string> numbers = new(StringComparer.Ordinal)
    {
        ["size_min"] = "i.size >= @value", ["size_max"] = "i.size <= @value", ["size"] = "i.size = @value", ["virtual_size"] = "i.virtual_size = @value",
        ["min_disk"] = "i.min_disk = @value", ["min_ram"] = "i.min_ram = @value",
    };

    public static Outcome<ListRequest> Parse(IQueryCollection query, AccessGrant access)
    {
        if (query.SelectMany(q => q.Value.Append(q.Key)).Any(text => text is not null && text.Contains('\0', StringComparison.Ordinal))) return new Fault.Invalid("", "A NUL character can't be asked for.");
        var parsed = ListRequest.Parse(Directed(query), ImageStore.Shape);
        if (parsed.Fault is { } wrong) return wrong;
        var request = parsed.Value;
        if (Reach(request, query, access) is { } refused) return refused;
        if (Truth(request, "os_hidden", query.TryGetValue("os_hidden", out var hidden) ? hidden[^1] : "false", "i.os_hidden") is { } bad) return bad;
        foreach (var (name, values) in query)
        {
            if (paging.Contains(name)) continue;
            foreach (var value in values)
            {
                if (Filter(request, name, value ?? "") is { } fault) return fault;
            }
        }

        return request;
    }

    /// <summary>The images that a list shows without further words.</summary>
    public static ListRequest Visible(AccessGrant access, string? marker, int limit)
    {
        var page = new Dictionary<string, StringValues> { ["limit"] = limit.ToString(CultureInfo.InvariantCulture) };
        if (marker is not null) page["marker"] = marker;
        return Parse(new QueryCollection(page), access).Value;
    }

    /// <summary>Only images that have this property.</summary>
    public static void Having(ListRequest request, string name, string value) =>
        request.Where("i.id IN (SELECT p.image_id FROM image_properties p WHERE p.pair = @value)", ImageStore.Pair(name, value));

    /// <summary>Whose images a list shows: one's own, public ones, and those shared with the caller.</summary>
    private static Fault? Reach(ListRequest request, IQueryCollection query, AccessGrant access)
    {
        var visibility = query.TryGetValue("visibility", out var asked) ? asked[^1] ?? "" : null;
        if (visibility is not null and not "all" && !ImageRow.Visibilities.Contains(visibility)) return new Fault.Invalid("visibility", $"Invalid visibility value: {visibility}");
        var member = query.TryGetValue("member_status", out var status) ? status[^1] ?? "" : "accepted";
        if (member is not ("accepted" or "pending" or "rejected" or "all")) return new Fault.Invalid("member_status", $"Invalid status: {member}");
        var me = access.Caller.ProjectId ?? "";
        if (!access.Everything)
        {
            var shared = member == "all" ? "" : $" AND m.status = '{member}'";
            request.Where(
                "i.owner = @value OR i.visibility IN ('public', 'community') OR "
                + $"(i.visibility = 'shared' AND i.id IN (SELECT m.image_id FROM image_members m WHERE m.member_id = @value{shared}))",
                me);
        }

        if (visibility is null) request.Where("i.visibility <> 'community' OR i.owner = @value", me);
        else if (visibility != "all") request.Where("i.visibility = @value", visibility);
        return null;
    }

    private static Fault? Filter(ListRequest request, string name, string value)
    {
        if (name == "tag")
        {
            request.Where("i.id IN (SELECT t.image_id FROM image_tags t WHERE t.tag = @value)", value);
            return null;
        }

        if (name == "protected") return Truth(request, name, value, "i.protected");
        if (name is "created_at" or "updated_at") return Time(request, name, value);
        if (numbers.TryGetValue(name, out var number)) return Number(request, name, value, number);
        if (!texts.TryGetValue(name, out var column))
        {
            Having(request, name, value);
            return null;
        }

        if (value.StartsWith("in:", StringComparison.Ordinal)) request.Where(column + " IN @value", Split(value[3..]));
        else request.Where(column + " = @value", value);
        return null;
    }

    /// <summary>in:a,"b,c": quotes keep a comma.</summary>
    private static List<string> Split(string text)
    {
        var parts = new List<string>();
        var part = new System.Text.StringBuilder();
        var quoted = false;
        foreach (var c in text)
        {
            if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted) parts.Add(Take(part));
            else part.Append(c);
        }

        parts.Add(Take(part));
        return parts;
    }

    private static string Take(System.Text.StringBuilder part)
    {
        var text = part.ToString();
        part.Clear();
        return text;
    }

    private static Fault? Number(ListRequest request, string name, string value, string sql)
    {
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return new Fault.Invalid(name, $"Unable to filter on a range with a non-numeric value: {name}={value}");
        request.Where(sql, number);
        return null;
    }

    private static Fault? Truth(ListRequest request, string name, string? value, string column)
    {
        if (value?.ToLowerInvariant() is not ("true" or "false" or "1" or "0")) return new Fault.Invalid(name, $"Invalid value '{value}' for '{name}' filter: it is true or false.");
        request.Where(column + " = @value", value.ToLowerInvariant() is "true" or "1" ? 1L : 0L);
        return null;
    }

    private static Fault? Time(ListRequest request, string name, string value)
    {
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        var sign = (colon < 0 ? "" : value[..colon]) switch
        {
            "gt" => ">",
            "gte" => ">=",
            "lt" => "<",
            "lte" => "<=",
            "eq" => "=",
            "neq" => "<>",
            _ => null,
        };
        var text = sign is null ? value : value[(colon + 1)..];
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return new Fault.Invalid(name, $"Invalid time format: '{value}'.");
        }

        // The API shows seconds, so seconds are compared.
        request.Where($"i.{name} / {Micros.PerSecond.ToString(CultureInfo.InvariantCulture)} {sign ?? "="} @value", Micros.Of(time) / Micros.PerSecond);
        return null;
    }

    /// <summary>Sort keys without a direction go downwards in this API, and the last direction holds for the rest.</summary>
    private static QueryCollection Directed(IQueryCollection query)
    {
        var copy = query.Where(q => paging.Contains(q.Key) && q.Key != "visibility").ToDictionary(q => q.Key, q => q.Value, StringComparer.Ordinal);
        if (copy.TryGetValue("sort_key", out var keys))
        {
            var given = copy.TryGetValue("sort_dir", out var directions) ? directions.ToArray() : [];
            copy["sort_dir"] = new StringValues(Enumerable.Range(0, keys.Count).Select(i => i < given.Length ? given[i] : given.Length > 0 ? given[^1] : "desc").ToArray());
        }

        if (copy.TryGetValue("sort", out var sort))
        {
            copy["sort"] = string.Join(',', sort.SelectMany(s => (s ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
                .Select(part => part.Contains(':', StringComparison.Ordinal) ? part : part + ":desc"));
        }

        return new QueryCollection(copy);
    }
}
