using Dapper;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Store;

public sealed class AloneTests
{
    private const string Waiting =
        """
        SELECT COUNT(*) FROM pg_locks
        WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    [Fact]
    public void Who_starts_beside_a_process_that_serves_is_not_alone()
    {
        using var database = TestDatabase.New("postgres");
        using var first = database.Open();
        Assert.True(first.Enter());
        first.Entered();
        using (var second = database.Open()) Assert.False(second.Enter());
        using var third = database.Open();
        Assert.False(third.Enter());
    }

    [Fact]
    public async Task Who_starts_while_the_server_still_sees_a_dead_process_is_alone()
    {
        using var database = TestDatabase.New("postgres");
        var dead = database.Open();
        Assert.True(dead.Enter());
        dead.Entered();
        using var next = database.Open();
        var entering = Task.Run(next.Enter, TestContext.Current.CancellationToken);
        using (var watching = next.OpenReader())
            while (watching.ExecuteScalar<long>(Waiting) == 0) Assert.False(entering.IsCompleted);
        dead.Dispose();
        Assert.True(await entering);
    }
}
