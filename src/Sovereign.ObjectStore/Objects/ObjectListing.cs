using System.Data.Common;
using System.Text;
using Sovereign.Kernel.Store;

namespace Sovereign.ObjectStore.Objects;

/// <summary>What of a bucket is listed.</summary>
/// <param name="Delimiter">"" for none; names that have it behind the prefix are rolled up.</param>
/// <param name="After">Only what comes after it; "" from the first. A rolled-up prefix stands for all that begins with it.</param>
/// <param name="ItemsMax">Names and rolled-up prefixes together.</param>
internal sealed record ListingWish(string Prefix, string Delimiter, string After, int ItemsMax)
{
    /// <summary>Only what comes before it; "" to the last (Swift's end_marker).</summary>
    public string Before { get; init; } = "";

    /// <summary>Versions of <see cref="After"/> below this one; null: only names after it.</summary>
    public long? AfterVersion { get; init; }
}

/// <summary>One line of a list.</summary>
internal sealed record ListedObject(
    string Name, long Version, string VersionId, bool Latest, bool Marker, long Size, string Etag, long ModifiedAt, string OwnerId, long SumKind, string? UploadId,
        string Headers);

/// <summary>A page: lines and rolled-up prefixes, in the order of their names.</summary>
/// <param name="Last">Where the next page begins (a name or a prefix); null when this is the last.</param>
internal sealed record Listing(IReadOnlyList<ListedObject> Items, IReadOnlyList<string> Prefixes, string? Last)
{
    public long LastVersion { get; init; }
}

/// <summary>Lists a bucket in the order of its names' bytes. What a page costs does not depend on how much the bucket holds: rolled-up prefixes are leapt over.</summary>
internal static class ObjectListing
{
    private const int BatchMin = 8;
    private const string Columns = "name, version, version_id, latest, marker, size, etag, modified_at, owner_id, sum_kind, upload_id, headers";

    /// <summary>Current objects.</summary>
    public static Listing Current(Session session, long bucket, ListingWish wish) => Walk(wish, versions: false, (from, after, end, count, _) => session.Rows(
        $"""
        SELECT {Columns} FROM objects WHERE bucket = @bucket AND latest = 1 AND marker = 0 AND name >= @from AND name > @after{End(end)} ORDER BY name LIMIT @count
        """,
        new { bucket, from, after, end, count },
        Row));

    /// <summary>All versions and markers, the newest of each name first.</summary>
    public static Listing Versions(Session session, long bucket, ListingWish wish) => Walk(wish, versions: true, (from, after, end, count, version) => session.Rows(
        $"""
        SELECT {Columns} FROM objects WHERE bucket = @bucket AND name >= @from AND (name > @after OR (name = @after AND version < @version)){End(end)}
        ORDER BY name, version DESC LIMIT @count
        """,
        new { bucket, from, after, end, count, version },
        Row));

    /// <summary>The first text after all that begin with this one; null when there is none.</summary>
    public static string? AfterPrefix(string prefix)
    {
        var runes = prefix.EnumerateRunes().ToList();
        while (runes.Count > 0)
        {
            var next = runes[^1].Value + 1;
            runes.RemoveAt(runes.Count - 1);
            if (next > 0x10FFFF) continue;
            // No character has the numbers of surrogates.
            runes.Add(new Rune(next == 0xD800 ? 0xE000 : next));
            return string.Concat(runes);
        }

        return null;
    }

    private static string End(string? end) => end is null ? "" : " AND name < @end";

    private static Listing Walk(ListingWish wish, bool versions, Func<string, string, string?, int, long, List<ListedObject>> fetch)
    {
        var (items, prefixes) = (new List<ListedObject>(), new List<string>());
        var end = wish.Before.Length > 0 ? wish.Before : AfterPrefix(wish.Prefix);
        var (from, after, version) = (wish.Prefix, wish.After, wish.AfterVersion ?? long.MinValue);
        if (RolledUp(wish, wish.After) is { } group && group == wish.After)
        {
            if (AfterPrefix(group) is not { } next) return new Listing(items, prefixes, null);
            (from, after) = (next, "");
        }

        var batch = wish.Delimiter.Length == 0 ? wish.ItemsMax + 1 : BatchMin;
        (string Name, long Version) last = ("", 0);
        while (true)
        {
            var rows = fetch(from, after, end, batch, version);
            var leapt = false;
            foreach (var row in rows)
            {
                if (wish.Before.Length > 0 && !row.Name.StartsWith(wish.Prefix, StringComparison.Ordinal)) return new Listing(items, prefixes, null);
                if (items.Count + prefixes.Count == wish.ItemsMax) return new Listing(items, prefixes, last.Name) { LastVersion = last.Version };
                if (RolledUp(wish, row.Name) is { } prefix)
                {
                    prefixes.Add(prefix);
                    last = (prefix, 0);
                    if (AfterPrefix(prefix) is not { } next) return new Listing(items, prefixes, null);
                    (from, after, version, leapt) = (next, "", long.MinValue, true);
                    break;
                }

                items.Add(row);
                last = (row.Name, row.Version);
                (after, version) = (row.Name, versions ? row.Version : long.MinValue);
            }

            if (!leapt && rows.Count < batch) return new Listing(items, prefixes, null);
            batch = leapt ? BatchMin : Math.Min(batch * 2, wish.ItemsMax + 1);
        }
    }

    /// <summary>The prefix under which this name is rolled up; null: it stands for itself.</summary>
    private static string? RolledUp(ListingWish wish, string name)
    {
        if (wish.Delimiter.Length == 0 || !name.StartsWith(wish.Prefix, StringComparison.Ordinal)) return null;
        var at = name.IndexOf(wish.Delimiter, wish.Prefix.Length, StringComparison.Ordinal);
        return at < 0 ? null : name[..(at + wish.Delimiter.Length)];
    }

    private static ListedObject Row(DbDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetInt64(3) != 0, row.GetInt64(4) != 0, row.GetInt64(5), row.GetString(6), row.GetInt64(7),
            row.GetString(8),
        row.GetInt64(9), row.IsDBNull(10) ? null : row.GetString(10), row.GetString(11));
}
