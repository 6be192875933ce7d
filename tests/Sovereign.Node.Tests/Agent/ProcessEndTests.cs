using System.Diagnostics;
using Sovereign.Node.Machine;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

public sealed class ProcessEndTests
{
    /// <summary>Memory is given back before files are closed, so a big process holds them long after it lost its command line.</summary>
    private const string Holder =
        "import fcntl, sys, time; lock = open(sys.argv[1]); fcntl.flock(lock, fcntl.LOCK_EX); memory = b'x' * (1 << 30); print('holds', flush=True); time.sleep(600)";

    [Fact]
    public async Task A_process_that_has_ended_holds_no_file_any_more()
    {
        var stop = TestContext.Current.CancellationToken;
        var path = Path.GetTempFileName();
        try
        {
            for (var round = 0; round < 5; round++)
            {
                using var holder = Process.Start(new ProcessStartInfo("python3", ["-c", Holder, path]) { RedirectStandardOutput = true })!;
                Assert.Equal("holds", await holder.StandardOutput.ReadLineAsync(stop));
                Assert.False(ProcessEnd.Reached(holder.Id));
                Native.Kill(holder.Id);
                Assert.True(await ProcessEnd.Wait(holder.Id, TimeSpan.FromSeconds(10), TimeProvider.System, stop));
                using var taken = Process.Start(new ProcessStartInfo("flock", ["--nonblock", path, "true"]))!;
                await taken.WaitForExitAsync(stop);
                Assert.Equal(0, taken.ExitCode);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_process_that_lives_is_waited_for_no_longer_than_the_limit()
    {
        using var process = Process.Start(new ProcessStartInfo("sleep", ["600"]))!;
        try
        {
            Assert.False(await ProcessEnd.Wait(process.Id, TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken));
        }
        finally
        {
            process.Kill();
        }
    }
}
