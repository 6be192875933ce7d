using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Store;

public sealed class AloneTests
{
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
        await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        Assert.False(entering.IsCompleted);
        dead.Dispose();
        Assert.True(await entering);
    }
}
