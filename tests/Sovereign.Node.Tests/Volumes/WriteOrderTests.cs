using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Sovereign.Node.Volumes;
using Xunit;

namespace Sovereign.Node.Tests.Volumes;

/// <summary>A power cut, unlike a killed process, loses what was not flushed, in any order. QEMU's writes to a volume's file are logged, and every prefix of the log is
/// made a file again, as a disk may leave it.</summary>
public sealed class WriteOrderTests : IDisposable
{
    private const long VolumeBytes = 16 << 20;
    private const int BlockBytes = 4096;
    private const int Blocks = (int)(VolumeBytes / BlockBytes);
    private const int Rounds = 12;
    private const string Mark = "the flush before was answered: ";
    private readonly string directory = Directory.CreateTempSubdirectory("sov-writes-").FullName;
    private readonly ProcessRunner runner = new(TimeProvider.System);
    private readonly QcowVolumes driver;
    private readonly VolumeSpec volume = new("one", "project", QcowVolumes.BackendName, VolumeBytes);

    public WriteOrderTests() => driver = new QcowVolumes(directory, runner);

    private static bool Long => Environment.GetEnvironmentVariable("SOVEREIGN_TEST_LONG") == "1";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task A_power_cut_at_any_write_leaves_a_sound_file_with_all_that_was_flushed(bool overSnapshot, int seed)
    {
        var written = await Write(overSnapshot, seed);
        var chance = new Random(seed);
        var every = Long ? 1 : Math.Max(1, written.Log.Count / 24);
        for (var count = 0; count <= written.Log.Count; count += every)
            if (await Wrong(written, count, WriteLog.Cut(written.Before, written.Log, count, chance)) is { } wrong) Assert.Fail(wrong);
    }

    [Fact]
    public async Task A_disk_whose_flushes_do_nothing_is_found_out()
    {
        var written = await Write(overSnapshot: true, seed: 3);
        var chance = new Random(3);
        var found = 0;
        for (var count = written.Log.Count; count > written.Log.Count / 2 && found == 0; count -= 5)
            if (await Wrong(written, count, WriteLog.Cut(written.Before, written.Log, count, chance, believe: false)) is not null) found++;
        Assert.Equal(1, found);
    }

    public void Dispose()
    {
        driver.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Writes to a volume in rounds, each with a flush and a mark behind it.</summary>
    private async Task<Written> Write(bool overSnapshot, int seed)
    {
        var chance = new Random(seed);
        await driver.Ensure(volume, VolumeMaterial.None, Stop);
        var now = new byte[Blocks];
        if (overSnapshot)
        {
            await Do(Node(await Place(), log: null), [.. Round(chance, now, []), "flush"]);
            await driver.Snapshot(volume, "snapshot", Stop);
        }

        var place = await Place();
        var head = Head(place);
        var before = await File.ReadAllBytesAsync(head, Stop);
        var log = Path.Combine(directory, "log");
        await File.WriteAllBytesAsync(log, [], Stop);
        var (commands, rounds) = (new List<string>(), new List<WrittenRound>());
        for (var i = 0; i < Rounds; i++)
        {
            var flushed = now.ToArray();
            var touched = new Dictionary<int, HashSet<byte>>();
            commands.AddRange(Round(chance, now, touched));
            rounds.Add(new WrittenRound(flushed, touched));
            commands.Add("flush");
            var mark = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"mark-{i}"));
            await File.WriteAllTextAsync(mark, string.Create(CultureInfo.InvariantCulture, $"{Mark}{i};"), Stop);
            commands.Add(string.Create(CultureInfo.InvariantCulture, $"write -s {mark} {(Blocks - 1) * BlockBytes} {BlockBytes}"));
        }

        rounds.Add(new WrittenRound(now, []));
        await Do(Node(place, log), commands);
        return new Written(head, before, WriteLog.Read(log), rounds);
    }

    private static List<string> Round(Random chance, byte[] now, Dictionary<int, HashSet<byte>> touched)
    {
        var commands = new List<string>();
        for (var i = chance.Next(3, 9); i > 0; i--)
        {
            var (at, length, pattern) = (chance.Next(Blocks - 40), chance.Next(1, 30), (byte)chance.Next(1, 255));
            if (chance.Next(5) == 0) pattern = 0;
            commands.Add(string.Create(CultureInfo.InvariantCulture, $"write {(pattern == 0 ? "-z" : $"-P {pattern}")} {at * BlockBytes} {length * BlockBytes}"));
            for (var block = at; block < at + length; block++)
            {
                now[block] = pattern;
                if (!touched.TryGetValue(block, out var values)) touched[block] = values = [0];
                values.Add(pattern);
            }
        }

        return commands;
    }

    /// <summary>Looks at a file as a power cut left it.</summary>
    /// <returns>What is wrong; null: nothing.</returns>
    private async Task<string?> Wrong(Written written, int count, byte[] file)
    {
        await File.WriteAllBytesAsync(written.Head, file, Stop);
        // What was counted too late is mended when the file is opened; that must be all.
        if ((await runner.Run("qemu-img", ["check", "-q", "-r", "all", written.Head], Stop)).ExitCode != 0) return $"after {count} writes the file can't be mended";
        if ((await runner.Run("qemu-img", ["check", "-q", written.Head], Stop)).ExitCode != 0) return $"after {count} writes the file is not sound";
        var raw = Path.Combine(directory, "raw");
        await runner.Must("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", written.Head, raw], Stop);
        var bytes = await File.ReadAllBytesAsync(raw, Stop);
        var answered = written.Log.Take(count).Select(write => Answered(write.Data)).DefaultIfEmpty(-1).Max();
        var round = written.Rounds[answered + 1];
        for (var block = 0; block < Blocks - 1; block++)
        {
            for (var at = block * BlockBytes; at < (block + 1) * BlockBytes; at++)
            {
                if (bytes[at] == round.Flushed[block] || (round.Touched.TryGetValue(block, out var values) && values.Contains(bytes[at]))) continue;
                return $"after {count} writes and {answered + 1} flushes the byte {at} is {bytes[at]} and not {round.Flushed[block]}";
            }
        }

        return null;
    }

    /// <summary>Number of the flush that a mark is behind; -1: these bytes are no mark.</summary>
    private static int Answered(byte[] data)
    {
        // Around a new cluster's first bytes QEMU writes the rest of it too.
        var at = data.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Mark));
        if (at < 0) return -1;
        return int.Parse(Encoding.ASCII.GetString(data, at + Mark.Length, 4).Split(';')[0], CultureInfo.InvariantCulture);
    }

    private async Task<VolumePlace> Place() => (await driver.Open(volume, Stop))!;

    private static string Head(VolumePlace place) => (string)JsonNode.Parse(place.Node)!["file"]!["filename"]!;

    /// <summary>The volume's node, with the log between its highest layer and the file.</summary>
    private static string Node(VolumePlace place, string? log)
    {
        var node = JsonNode.Parse(place.Node)!.AsObject();
        if (log is not null)
        {
            var file = node["file"]!.DeepClone();
            node["file"] = new JsonObject
            {
                ["driver"] = "blklogwrites", ["file"] = file, ["log"] = new JsonObject { ["driver"] = "file", ["filename"] = log }, ["log-sector-size"] = 512,
            };
        }

        return "json:" + node.ToJsonString();
    }

    private Task Do(string node, IEnumerable<string> commands) =>
        runner.Must("qemu-io", [.. commands.SelectMany(command => (string[])["-c", command]), node], Stop);

    /// <param name="Flushed">What the blocks were at the last flush before the round.</param>
    /// <param name="Touched">What a block may be besides, in the round.</param>
    private sealed record WrittenRound(byte[] Flushed, Dictionary<int, HashSet<byte>> Touched);

    private sealed record Written(string Head, byte[] Before, List<LoggedWrite> Log, List<WrittenRound> Rounds);
}
