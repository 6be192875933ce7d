using Microsoft.Win32.SafeHandles;
using Sovereign.Image.Content;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Imports;

/// <summary>Where the bytes of an import come from.</summary>
internal interface IImportSource
{
    /// <summary>Writes into the file what is not there yet.</summary>
    /// <param name="validator">What the source said when the present bytes came; null: they are worth nothing.</param>
    /// <param name="remember">Keeps a new validator durably; called before bytes of that version are written.</param>
    /// <returns>Unavailable when trying again may help.</returns>
    Task<Outcome<Done>> Fetch(string source, SafeFileHandle file, string? validator, Func<string?, Task> remember, CancellationToken stop);
}

/// <summary>Files that the operator laid into a directory; they stay there.</summary>
internal sealed class DirectorySource(string directory) : IImportSource
{
    private const int BufferBytes = 1024 * 1024;

    /// <summary>A name and nothing else: no path, nothing hidden.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 255 && name[0] != '.' && name.IndexOfAny(['/', '\\', '\0']) < 0;

    public async Task<Outcome<Done>> Fetch(string source, SafeFileHandle file, string? validator, Func<string?, Task> remember, CancellationToken stop)
    {
        var info = new FileInfo(Path.Combine(directory, source));
        // A link would lead out of the directory.
        if (!info.Exists || info.LinkTarget is not null || (info.Attributes & (FileAttributes.Directory | FileAttributes.Device | FileAttributes.ReparsePoint)) != 0)
        {
            return new Fault.Invalid("file", $"There is no file {source} in the import directory.");
        }

        if (info.Length > UploadService.BytesMax) return new Fault.TooLarge($"{source} is larger than {UploadService.BytesMax} bytes, the limit for images.");
        var version = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{info.Length}-{info.LastWriteTimeUtc.Ticks}");
        if (version != validator)
        {
            RandomAccess.SetLength(file, 0);
            await remember(version);
        }

        using var from = File.OpenHandle(info.FullName, options: FileOptions.Asynchronous | FileOptions.SequentialScan);
        var buffer = new byte[BufferBytes];
        for (var at = RandomAccess.GetLength(file); at < info.Length;)
        {
            var count = await RandomAccess.ReadAsync(from, buffer, at, stop);
            if (count == 0) return new Fault.Unavailable($"{source} became shorter while it was read.");
            await RandomAccess.WriteAsync(file, buffer.AsMemory(0, count), at, stop);
            at += count;
        }

        RandomAccess.FlushToDisk(file);
        return Done.Value;
    }
}
