using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Sovereign.Launcher;

namespace Sovereign.ImageSync;

/// <summary>A file whose checksum was found right.</summary>
/// <param name="BuildDate">The day of its last change at its publisher, UTC.</param>
internal sealed record FetchedImage(string Path, DateOnly BuildDate);

/// <summary>Gets images and their checksums from their publisher, from a mirror or from a directory. The last two are laid out by host and path of the
/// publisher's URL, as recursive downloaders do.</summary>
/// <param name="mirror">URL below which the mirror has everything; null: none.</param>
/// <param name="directory">The same as files; null: none.</param>
/// <param name="work">Where downloads grow; what is there is taken up again.</param>
internal sealed partial class ImageFetcher(HttpClient http, string? mirror, string? directory, string work, TimeProvider clock, Action<string> say)
{
    private const int SumsBytesMax = 4 * 1024 * 1024;
    private const int BufferBytes = 1024 * 1024;
    private const int TriesMax = 5;
    private static readonly TimeSpan idleMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan sayEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan pause = TimeSpan.FromSeconds(2);

    /// <summary>The publisher's checksum of an image: "sha256:…" or "sha512:…".</summary>
    /// <exception cref="LauncherException">It can't be had, or does not name the file.</exception>
    public async Task<string> Checksum(StandardImage image, CancellationToken stop)
    {
        var text = directory is not null ? await ReadFile(Local(image.Checksums), stop) : await ReadUrl(At(image.Checksums), stop);
        var name = Uri.UnescapeDataString(new Uri(image.Url).Segments[^1]);
        foreach (var line in text.Split('\n').Select(line => line.Trim()))
        {
            if (Sum().Match(line) is not { Success: true } sum || sum.Groups[2].Value is { Length: > 0 } of && Path.GetFileName(of) != name) continue;
            var hex = sum.Groups[1].Value.ToLowerInvariant();
            return (hex.Length == 128 ? "sha512:" : "sha256:") + hex;
        }

        throw new LauncherException($"{image.Checksums} has no SHA-256 or SHA-512 sum of {name}.");
    }

    /// <exception cref="LauncherException">It can't be had, or its checksum is wrong.</exception>
    public async Task<FetchedImage> Fetch(StandardImage image, string checksum, CancellationToken stop)
    {
        if (directory is not null)
        {
            var file = Local(image.Url);
            if (!File.Exists(file)) throw new LauncherException($"{file} is not there.");
            await Verify(file, checksum, stop);
            return new FetchedImage(file, Day(new FileInfo(file).LastWriteTimeUtc));
        }

        Directory.CreateDirectory(work);
        var path = Path.Combine(work, checksum.Replace(':', '-'));
        for (var tries = 1; !File.Exists(path); tries++)
        {
            try
            {
                await Download(At(image.Url), path, stop);
            }
            catch (Exception error) when (error is HttpRequestException or IOException or TimeoutException && tries < TriesMax)
            {
                say($"{image.Name}: {error.Message} Going on in {pause.TotalSeconds:F0} s.");
                await Task.Delay(pause, clock, stop);
            }
            catch (Exception error) when (error is HttpRequestException or TimeoutException)
            {
                throw new LauncherException($"{At(image.Url)} can't be had: {error.Message}");
            }
        }

        try
        {
            await Verify(path, checksum, stop);
        }
        catch (LauncherException)
        {
            File.Delete(path);
            throw;
        }

        return new FetchedImage(path, Day(new FileInfo(path).LastWriteTimeUtc));
    }

    private Uri At(string url)
    {
        var canonical = new Uri(url);
        return mirror is null ? canonical : new Uri($"{mirror.TrimEnd('/')}/{canonical.Host}{canonical.AbsolutePath}");
    }

    private string Local(string url)
    {
        var canonical = new Uri(url);
        return Path.Combine(directory!, canonical.Host, Uri.UnescapeDataString(canonical.AbsolutePath.TrimStart('/')));
    }

    /// <summary>Grows PATH.part, with what the server said of its version beside it; a whole file gets its name and the server's date.</summary>
    private async Task Download(Uri source, string path, CancellationToken stop)
    {
        var (part, note) = (path + ".part", path + ".version");
        var have = File.Exists(part) && File.Exists(note) ? new FileInfo(part).Length : 0;
        using var request = new HttpRequestMessage(HttpMethod.Get, source);
        if (have > 0)
        {
            request.Headers.Range = new RangeHeaderValue(have, null);
            request.Headers.TryAddWithoutValidation("If-Range", (await File.ReadAllTextAsync(note, stop)).Trim());
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop).WaitAsync(idleMax, clock, stop);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            File.Delete(part);
            throw new IOException($"{source} changed while it was downloaded.");
        }

        if ((int)response.StatusCode >= 500) throw new HttpRequestException($"The server answered with {(int)response.StatusCode}.");
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
        {
            throw new LauncherException($"{source} can't be had: the server answered with {(int)response.StatusCode}.");
        }

        var goesOn = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == have;
        var changed = response.Content.Headers.LastModified;
        if (!goesOn)
        {
            File.Delete(part);
            var version = response.Headers.ETag is { IsWeak: false } tag ? tag.Tag : changed?.ToString("R", CultureInfo.InvariantCulture);
            if (version is null) File.Delete(note);
            else await File.WriteAllTextAsync(note, version, stop);
        }

        var before = goesOn ? have : 0;
        var total = response.Content.Headers.ContentLength is { } rest ? before + rest : (long?)null;
        await using (var file = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write))
        {
            file.Seek(before, SeekOrigin.Begin);
            await Copy(await response.Content.ReadAsStreamAsync(stop), file, Path.GetFileName(source.AbsolutePath), before, total, stop);
            if (total is { } whole && file.Position != whole) throw new IOException("The download was cut off.");
            file.Flush(flushToDisk: true);
        }

        if (changed is { } time) File.SetLastWriteTimeUtc(part, time.UtcDateTime);
        File.Move(part, path, overwrite: true);
        File.Delete(note);
    }

    private async Task Copy(Stream source, Stream target, string name, long done, long? total, CancellationToken stop)
    {
        var buffer = new byte[BufferBytes];
        var said = clock.GetTimestamp();
        for (int count; (count = await source.ReadAsync(buffer, stop).AsTask().WaitAsync(idleMax, clock, stop)) > 0;)
        {
            await target.WriteAsync(buffer.AsMemory(0, count), stop);
            done += count;
            if (clock.GetElapsedTime(said) < sayEvery) continue;
            said = clock.GetTimestamp();
            say($"  {name}: {done >> 20}{(total is { } all ? $" of {all >> 20}" : "")} MiB");
        }
    }

    private static async Task Verify(string path, string checksum, CancellationToken stop)
    {
        await using var file = File.OpenRead(path);
        var hash = checksum.StartsWith("sha512:", StringComparison.Ordinal) ? await SHA512.HashDataAsync(file, stop) : await SHA256.HashDataAsync(file, stop);
        if (checksum[7..] == Convert.ToHexStringLower(hash)) return;
        throw new LauncherException($"{path} is not what its publisher says: its {checksum[..6]} sum is wrong.");
    }

    private static async Task<string> ReadFile(string path, CancellationToken stop)
    {
        if (!File.Exists(path)) throw new LauncherException($"{path} is not there.");
        if (new FileInfo(path).Length > SumsBytesMax) throw new LauncherException($"{path} is larger than {SumsBytesMax} bytes.");
        return await File.ReadAllTextAsync(path, stop);
    }

    private async Task<string> ReadUrl(Uri source, CancellationToken stop)
    {
        try
        {
            using var response = await http.GetAsync(source, HttpCompletionOption.ResponseHeadersRead, stop).WaitAsync(idleMax, clock, stop);
            response.EnsureSuccessStatusCode();
            await response.Content.LoadIntoBufferAsync(SumsBytesMax, stop).WaitAsync(idleMax, clock, stop);
            return await response.Content.ReadAsStringAsync(stop);
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException)
        {
            throw new LauncherException($"{source} can't be had: {error.Message}");
        }
    }

    private static DateOnly Day(DateTime time) => DateOnly.FromDateTime(time);

    /// <summary>"HEX  name", "HEX *name", or a sum alone.</summary>
    [GeneratedRegex("^([0-9a-fA-F]{128}|[0-9a-fA-F]{64})(?: [ *]?(.+))?$")]
    private static partial Regex Sum();
}
