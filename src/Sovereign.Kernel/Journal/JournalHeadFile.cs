using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Sources;

namespace Sovereign.Kernel.Journal;

/// <summary>Signs the journal's head and writes it outside the database every 10 s: who rewrites the database can't rewrite what was witnessed.
/// One line per witness: incarnation, sequence, hash, time (microseconds UTC), signature (ECDSA P-256 over the first four, base64).</summary>
public sealed class JournalHeadFile(JournalReader journal, string path, ECDsa key, TimeProvider clock) : IPeriodic
{
    private const int LinesKept = 1_000;
    private long written = -1;

    public string Name => "journal head";

    public TimeSpan Every => TimeSpan.FromSeconds(10);

    public async Task<string> Run(CancellationToken stop)
    {
        var head = journal.Head();
        if (head.Sequence == written) return $"entry {head.Sequence}, unchanged";
        var text = FormattableString.Invariant($"{head.Incarnation} {head.Sequence} {head.Hash} {clock.Now()}");
        var line = text + " " + Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256));
        var lines = File.Exists(path) ? (await File.ReadAllLinesAsync(path, stop)).TakeLast(LinesKept - 1).Append(line) : [line];
        var beside = path + ".new";
        await File.WriteAllLinesAsync(beside, lines, stop);
        File.Move(beside, path, overwrite: true);
        written = head.Sequence;
        return FormattableString.Invariant($"entry {head.Sequence} signed");
    }

    /// <summary>Checks every witnessed head against the journal.</summary>
    /// <returns>What is wrong, as sentences; empty when the journal holds all that was witnessed.</returns>
    public static List<string> Verify(IReadOnlyList<string> lines, ECDsa key, Func<long, string?> hashOf)
    {
        var wrong = new List<string>();
        foreach (var line in lines.Where(line => line.Length > 0))
        {
            var parts = line.Split(' ');
            var signature = new byte[line.Length];
            if (parts.Length != 5 || !Convert.TryFromBase64String(parts[4], signature, out var length)
                || !key.VerifyData(Encoding.UTF8.GetBytes(string.Join(' ', parts[..4])), signature.AsSpan(0, length), HashAlgorithmName.SHA256))
            {
                wrong.Add("A witnessed head does not carry this cloud's signature: " + line);
                continue;
            }

            var sequence = long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
            if (sequence > 0 && hashOf(sequence) != parts[2]) wrong.Add($"Entry {sequence} is not the one that was witnessed.");
        }

        return wrong;
    }
}
