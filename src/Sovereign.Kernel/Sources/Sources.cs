using System.Security.Cryptography;

namespace Sovereign.Kernel.Sources;

/// <summary>Where ids come from, so that a seed replays a whole cloud.</summary>
public interface IIdSource
{
    Guid Next();

    /// <summary>32 hex digits, the form of identity's ids.</summary>
    string Hex() => Next().ToString("N");

    /// <summary>A dashed UUID, the form of every other service's ids.</summary>
    string Uuid() => Next().ToString("D");
}

/// <summary>Where random bytes come from (secrets, salts, nonces, jitter), so that a seed replays a whole cloud.</summary>
public interface IRandomness
{
    void Fill(Span<byte> bytes);

    byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    /// <summary>A number in [0, 1), for jitter.</summary>
    double Fraction()
    {
        Span<byte> bytes = stackalloc byte[4];
        Fill(bytes);
        return BitConverter.ToUInt32(bytes) / (uint.MaxValue + 1.0);
    }
}

#pragma warning disable RS0030 // The one place where true randomness enters.
/// <summary>Ids of production: random UUIDs.</summary>
public sealed class RandomIds : IIdSource
{
    public Guid Next() => Guid.NewGuid();
}

/// <summary>Random bytes of production: those of the operating system.</summary>
public sealed class SystemRandomness : IRandomness
{
    public void Fill(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);
}
#pragma warning restore RS0030

/// <summary>Times as the store has them: integer microseconds since 1970, UTC.</summary>
public static class Micros
{
    public const long PerSecond = 1_000_000;
    private const int MicrosZLength = 27;

    public static long Now(this TimeProvider clock) => Of(clock.GetUtcNow());

    public static long Of(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset ToTime(long micros) =>
        new(DateTime.UnixEpoch.Ticks + micros * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    public static long Of(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>"2026-01-02T03:04:05Z" (Nova, Neutron, Glance).</summary>
    public static string ToSecondsZ(long micros) =>
        ToTime(micros).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>"2026-01-02T03:04:05.000006Z" (Keystone).</summary>
    public static string ToMicrosZ(long micros) => string.Create(MicrosZLength, ToTime(micros).UtcDateTime, static (text, time) =>
    {
        // The round-trip form has one digit more and is several times faster than a form spelled out.
        Span<char> whole = stackalloc char[MicrosZLength + 1];
        time.TryFormat(whole, out _, "O", System.Globalization.CultureInfo.InvariantCulture);
        whole[..^2].CopyTo(text);
        text[^1] = 'Z';
    });

    /// <summary>"2026-01-02T03:04:05.000006" (Cinder; OS-EXT and launched_at of Nova).</summary>
    public static string ToMicrosBare(long micros) =>
        ToTime(micros).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture);
}
