using System.Text.Json;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Agent;

/// <summary>One file an item, readable by the agent alone (user data may hold secrets).</summary>
public sealed class FileAgentStore : IAgentStore
{
    private readonly string directory;

    public FileAgentStore(string stateDir)
    {
        directory = Path.Combine(stateDir, "manifest");
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public async Task<IReadOnlyList<StoredItem>> Load(CancellationToken stop)
    {
        var items = new List<StoredItem>();
        foreach (var path in Directory.EnumerateFiles(directory, "*.json").Order(StringComparer.Ordinal))
        {
            try
            {
                if (JsonSerializer.Deserialize(await File.ReadAllBytesAsync(path, stop),
                    AgentJson.Default.StoredItem) is { } item) items.Add(item);
            }
            catch (JsonException) { File.Delete(path); /* cut by a power loss; the full manifest brings it again */ }
        }
        return items;
    }

    public async Task Save(StoredItem item, CancellationToken stop)
    {
        var path = PathOf(item.Item.Kind, item.Item.Id);
        await WritePrivate(path, JsonSerializer.SerializeToUtf8Bytes(item, AgentJson.Default.StoredItem), stop);
    }

    public Task Forget(string kind, string id, CancellationToken stop)
    {
        File.Delete(PathOf(kind, id));
        return Task.CompletedTask;
    }

    internal static async Task WritePrivate(string path, byte[] content, CancellationToken stop)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            Options = FileOptions.Asynchronous,
        };
        await using (var file = new FileStream(path + ".new", options)) await file.WriteAsync(content, stop);
        File.Move(path + ".new", path, overwrite: true);
    }

    private string PathOf(string kind, string id) => Path.Combine(directory, $"{kind}-{id}.json");
}
