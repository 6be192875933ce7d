using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Sovereign.Serve;

/// <summary>The log of a process: lines on standard output, which the supervisor keeps in DIR/logs with a bound.</summary>
internal static class ProcessLog
{
    public static ILoggerFactory Create() => LoggerFactory.Create(builder => builder
        .SetMinimumLevel(LogLevel.Information)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        }));
}
