using Sovereign.Kernel.Sources;
using Sovereign.Testing.Sources;
using Xunit;

namespace Sovereign.Kernel.Tests.Wire;

public sealed class TimeFormatTests
{
    private const long Time = 1_767_323_045_000_006;

    [Fact]
    public void Each_dialect_writes_times_in_its_own_form()
    {
        Assert.Equal("2026-01-02T03:04:05Z", Micros.ToSecondsZ(Time));
        Assert.Equal("2026-01-02T03:04:05.000006Z", Micros.ToMicrosZ(Time));
        Assert.Equal("2026-01-02T03:04:05.000006", Micros.ToMicrosBare(Time));
        Assert.Equal("1970-01-01T00:00:00.000000Z", Micros.ToMicrosZ(0));
        Assert.Equal("1969-12-31T23:59:59.999999Z", Micros.ToMicrosZ(-1));
    }

    [Fact]
    public void Microseconds_survive_the_way_to_a_time_and_back()
    {
        var random = new SeededSource(6);
        for (var i = 0; i < 1_000; i++)
        {
            var micros = ((long)random.Below(int.MaxValue) * 2_000_000) + random.Below(1_000_000);
            Assert.Equal(micros, Micros.Of(Micros.ToTime(micros)));
        }

        Assert.Equal(1_500_000, Micros.Of(TimeSpan.FromSeconds(1.5)));
        Assert.Equal(Micros.Of(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), new ManualClock().Now());
        Assert.Equal(Micros.Of(new DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.FromHours(2))), new ManualClock().Now());
    }
}
