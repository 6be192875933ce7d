using Sovereign.Launcher;
using Xunit;

namespace Sovereign.Tests.Launcher;

public sealed class KnownCloudsTests : IDisposable
{
    private readonly string place = Directory.CreateTempSubdirectory("sovereign-known-").FullName;

    public void Dispose() => Directory.Delete(place, recursive: true);

    [Fact]
    public async Task What_all_clouds_share_goes_with_the_last_of_them()
    {
        var (known, removed, stop) = (Known(), 0, TestContext.Current.CancellationToken);
        await known.Enter(Cloud("one"), () => Task.CompletedTask, stop);
        await known.Enter(Cloud("two"), () => Task.CompletedTask, stop);
        await known.Leave(Cloud("one"), Removed, stop);
        Assert.Equal(0, removed);
        await known.Leave(Cloud("two"), Removed, stop);
        Assert.Equal(1, removed);
        Assert.False(File.Exists(Path.Combine(place, "register")));

        Task Removed()
        {
            removed++;
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_cloud_that_is_being_made_keeps_its_users_while_another_goes()
    {
        var (known, order, stop) = (Known(), new List<string>(), TestContext.Current.CancellationToken);
        await known.Enter(Cloud("old"), () => Task.CompletedTask, stop);
        var entered = new TaskCompletionSource();
        var making = known.Enter(Cloud("new"), async () =>
        {
            await entered.Task;
            order.Add("made");
        }, stop);
        var leaving = known.Leave(Cloud("old"), () =>
        {
            order.Add("removed");
            return Task.CompletedTask;
        }, stop);
        await Task.Delay(TimeSpan.FromMilliseconds(300), stop);
        entered.SetResult();
        await making;
        await leaving;
        Assert.Equal(["made"], order);
    }

    [Fact]
    public async Task A_directory_that_was_removed_by_hand_is_no_cloud_any_more()
    {
        var (known, removed, stop) = (Known(), false, TestContext.Current.CancellationToken);
        await known.Enter(Cloud("lost"), () => Task.CompletedTask, stop);
        await known.Enter(Cloud("last"), () => Task.CompletedTask, stop);
        Directory.Delete(Cloud("lost").Path);
        await known.Leave(Cloud("last"), () => Task.FromResult(removed = true), stop);
        Assert.True(removed);
    }

    private KnownClouds Known() => new(Path.Combine(place, "register"), Path.Combine(place, "turns"));

    private CloudDirectory Cloud(string name) => CloudDirectory.At(Path.Combine(place, name));
}
