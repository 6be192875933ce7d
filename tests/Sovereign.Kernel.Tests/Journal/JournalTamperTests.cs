using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Tests.Support;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Journal;

/// <summary>Entries 1 to 6 belong to project-a, except 4 which is the cloud's own; each change below is what an intruder with SQL could do.</summary>
public sealed class JournalTamperTests
{
    private static readonly (string Sql, string Finding)[] tampers =
    [
        ("UPDATE journal SET incarnation = 'other' WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET time = time + 1 WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET request_id = 'req-other' WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET actor_id = 'somebody' WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET owner = 'project-b' WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET owner = NULL WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET owner = '' WHERE sequence = 4", "Entry 4 "),
        ("UPDATE journal SET kind = 'other' WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET resource_id = 'id-other' WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET change = 3 WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET salt = hash WHERE sequence = 3", "document of entry 3 "),
        ("UPDATE journal SET digest = hash WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET hash = digest WHERE sequence = 3", "Entry 3 "),
        ("UPDATE journal SET hash = (SELECT hash FROM journal WHERE sequence = 2) WHERE sequence = 6", "Entry 6 "),
        ("DELETE FROM journal WHERE sequence = 3", "Entry 3 is missing"),
        ("DELETE FROM journal WHERE sequence = 6", "The head says 6 entries, the journal has 5"),
        ("UPDATE journal SET sequence = 7 WHERE sequence = 6", "Entry 6 is missing"),
        ("UPDATE journal_documents SET sealed = (SELECT sealed FROM journal_documents WHERE sequence = 2) WHERE sequence = 3", "document of entry 3 "),
        ("UPDATE journal_documents SET sealed = (SELECT hash FROM journal WHERE sequence = 2) WHERE sequence = 3", "document of entry 3 "),
        ("UPDATE journal_documents SET owner = 'project-nobody' WHERE sequence = 3", "document of entry 3 "),
        ("UPDATE journal_documents SET owner = 'cloud' WHERE sequence = 3", "document of entry 3 "),
        ("UPDATE journal_head SET sequence = 5 WHERE id = 1", "The head says 5 entries, the journal has 6"),
        ("UPDATE journal_head SET sequence = 9 WHERE id = 1", "The head says 9 entries, the journal has 6"),
        ("UPDATE journal_head SET hash = (SELECT hash FROM journal WHERE sequence = 5) WHERE id = 1", "The head's hash"),
    ];

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_change_of_any_column_of_the_journal_is_found_and_the_entry_named(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        await Fill(rig.Kernel);
        Assert.Empty(rig.Kernel.Journal.Verify());
        using var keeper = new Keeper(rig);
        foreach (var (sql, finding) in tampers)
        {
            rig.Tamper(sql);
            var found = rig.Kernel.Journal.Verify();
            Assert.True(found.Exists(line => line.Contains(finding, StringComparison.Ordinal)), $"{sql}: found only [{string.Join(" | ", found)}]");
            keeper.Restore();
            Assert.Empty(rig.Kernel.Journal.Verify());
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_erased_project_key_leaves_the_chain_verifiable_and_its_documents_shut(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        await Fill(rig.Kernel);
        await rig.Kernel.Queue.Write<Done>("erase", Origin.System, tx =>
        {
            rig.Kernel.Keys.Destroy(tx, "project-a");
            return Done.Value;
        });
        Assert.Empty(rig.Kernel.Journal.Verify());
        Assert.Empty(rig.Kernel.Journal.Buried("thing", "project-a", 0, 10));
        rig.Tamper("UPDATE journal SET time = time + 1 WHERE sequence = 2");
        Assert.Contains(rig.Kernel.Journal.Verify(), line => line.Contains("Entry 2 ", StringComparison.Ordinal));
    }

    private static async Task Fill(KernelServices kernel)
    {
        for (var i = 1; i <= 6; i++)
        {
            var number = i;
            await kernel.Queue.Write<Done>("fill", new Origin($"req-{i}", "user-1", "project-a"), tx =>
            {
                var change = number == 6 ? Change.Deleted : Change.Created;
                var document = new Dictionary<string, string> { ["name"] = $"n{number}" };
                tx.Record("thing", $"id-{number}", number == 4 ? null : "project-a", change, document, TestJson.Default.DictionaryStringString);
                return Done.Value;
            });
        }
    }

    /// <summary>Holds a copy of the journal's tables, so that one database serves every tampering.</summary>
    private sealed class Keeper : IDisposable
    {
        private static readonly string[] tables = ["journal", "journal_documents", "journal_head"];
        private readonly KernelRig rig;

        public Keeper(KernelRig rig)
        {
            this.rig = rig;
            foreach (var table in tables) rig.Tamper($"CREATE TABLE kept_{table} AS SELECT * FROM {table}");
        }

        public void Restore()
        {
            foreach (var table in tables) rig.Tamper($"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}");
        }

        public void Dispose()
        {
            foreach (var table in tables) rig.Tamper($"DROP TABLE kept_{table}");
        }
    }
}
