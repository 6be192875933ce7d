using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Fuzz;

/// <summary>Changes one thing of a request, as the random numbers say.</summary>
internal static class Mutator
{
    private const string Mark = "@@here@@";

    public static FuzzRequest Mutate(FuzzRequest request, Random random, Func<string> foreignId)
    {
        var kinds = request.Body is null ? 6 : 10;
        return random.Next(kinds) switch
        {
            0 => request with { Path = Segment(request.Path, random, foreignId) },
            1 or 2 => request with { Path = Query(request.Path, random, foreignId) },
            3 => Header(request, random),
            4 => request with { Method = Pick(Hostile.Methods, random) },
            5 => Shape(request, random),
            6 => request with { Body = Raw(request.Body!, random) },
            _ => request with { Body = Json(request.Body!, random, foreignId) },
        };
    }

    public static T Pick<T>(IReadOnlyList<T> from, Random random) => from[random.Next(from.Count)];

    private static string Segment(string url, Random random, Func<string> foreignId)
    {
        var (path, query) = Split(url);
        var segments = path.Split('/').ToList();
        var at = random.Next(4, Math.Max(5, segments.Count));
        if (at >= segments.Count) segments.Add("");
        switch (random.Next(6))
        {
            case 0: segments[at] = foreignId(); break;
            case 1: segments[at] = new string('a', random.Next(2) == 0 ? 256 : 5_000); break;
            case 2: segments.Insert(at, Pick(Hostile.Piece, random)); break;
            case 3: segments.RemoveAt(at); break;
            case 4: segments[at] = segments[at].ToUpperInvariant(); break;
            default: segments[at] = Pick(Hostile.Piece, random); break;
        }

        return string.Join('/', segments) + query;
    }

    private static string Query(string url, Random random, Func<string> foreignId)
    {
        var added = new StringBuilder(url).Append(url.Contains('?', StringComparison.Ordinal) ? '&' : '?');
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var value = random.Next(6) switch
            {
                0 => foreignId(),
                1 => new string('z', random.Next(300)),
                _ => Pick(Hostile.Piece, random),
            };
            added.Append(Pick(Hostile.QueryNames, random)).Append(random.Next(10) == 0 ? "" : "=").Append(value).Append('&');
        }

        return added.ToString(0, added.Length - random.Next(2));
    }

    private static FuzzRequest Header(FuzzRequest request, Random random)
    {
        var (name, values) = Pick(Hostile.Headers, random);
        return request with { Headers = [.. request.Headers.Where(h => h.Name != name || random.Next(8) == 0), (name, Pick(values, random))] };
    }

    /// <summary>Tokens that are none, bodies where none belong, none where one belongs.</summary>
    private static FuzzRequest Shape(FuzzRequest request, Random random) => random.Next(6) switch
    {
        0 => request with { Token = "x" },
        1 => request with { Token = new string('A', 8_000) },
        2 => request with { Token = request.Token is { Length: > 9 } token ? token[..^3] + "AAA" : "" },
        3 => request with { Body = [], Headers = Typed(request.Headers) },
        4 => request with { Body = Encoding.UTF8.GetBytes(Pick(Hostile.Json, random)), Headers = Typed(request.Headers) },
        _ => request with { Body = null },
    };

    private static List<(string, string)> Typed(IReadOnlyList<(string Name, string Value)> headers) =>
        [.. headers.Where(h => h.Name != "Content-Type"), ("Content-Type", "application/json")];

    private static byte[] Raw(byte[] body, Random random)
    {
        var at = random.Next(body.Length + 1);
        return random.Next(7) switch
        {
            0 => body[..at],
            1 => [.. body, .. "}"u8],
            2 => [0xef, 0xbb, 0xbf, .. body],
            3 => [.. body[..at], 0xff, .. body[at..]],
            4 => Encoding.UTF8.GetBytes(new string('[', random.Next(1, 20_000))),
            5 => Encoding.UTF8.GetBytes($"{{\"{new string('k', random.Next(1, 70_000))}\":{Encoding.UTF8.GetString(body)}}}"),
            _ => [.. body[..at], .. Encoding.UTF8.GetBytes(Pick(Hostile.Json, random)), .. body[at..]],
        };
    }

    private static byte[] Json(byte[] body, Random random, Func<string> foreignId)
    {
        JsonNode? root;
        var places = new List<(JsonNode Parent, string? Name, int Index)>();
        try
        {
            root = JsonNode.Parse(body);
            Collect(root, places);
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or ArgumentException or InvalidOperationException)
        {
            return Raw(body, random);   // Broken by the change before this one, or a member twice.
        }

        if (places.Count == 0) return Encoding.UTF8.GetBytes(Pick(Hostile.Json, random));
        var (parent, name, index) = Pick(places, random);
        var fragment = random.Next(8) switch
        {
            0 => $"\"{foreignId()}\"",
            1 => $"\"{new string('n', Pick([255, 256, 1_024, 65_536], random))}\"",
            2 => "[" + string.Join(',', Enumerable.Repeat(Pick(Hostile.Json, random), random.Next(2, 300))) + "]",
            3 => Deep(random.Next(2, 200)),
            _ => Pick(Hostile.Json, random),
        };
        var twice = false;
        switch (random.Next(6))
        {
            case 0 when parent is JsonObject members: members.Remove(name!); break;
            case 1 when parent is JsonObject members: members[Pick(Hostile.Members, random)] = Mark; break;
            case 2 when parent is JsonObject members: (members[name!], twice) = (Mark, true); break;
            case 3 when parent is JsonArray items: items.Add(Mark); break;
            default: Set(parent, name, index); break;
        }

        var text = root!.ToJsonString();
        if (twice) fragment = $"{fragment},{new JsonObject { [name!] = 1 }.ToJsonString()[1..^1]}";
        return Encoding.UTF8.GetBytes(text.Replace($"\"{Mark}\"", fragment, StringComparison.Ordinal));
    }

    private static void Set(JsonNode parent, string? name, int index)
    {
        if (parent is JsonObject members) members[name!] = Mark;
        else ((JsonArray)parent)[index] = Mark;
    }

    private static void Collect(JsonNode? node, List<(JsonNode, string?, int)> places)
    {
        if (node is JsonObject members)
        {
            foreach (var (name, value) in members)
            {
                places.Add((members, name, 0));
                Collect(value, places);
            }
        }
        else if (node is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++)
            {
                places.Add((items, null, i));
                Collect(items[i], places);
            }
        }
    }

    private static string Deep(int levels) => string.Create(
        CultureInfo.InvariantCulture, $"{string.Concat(Enumerable.Repeat("{\"a\":[", levels))}{string.Concat(Enumerable.Repeat("]}", levels))}");

    private static (string Path, string Query) Split(string url)
    {
        var mark = url.IndexOf('?', StringComparison.Ordinal);
        return mark < 0 ? (url, "") : (url[..mark], url[mark..]);
    }
}
