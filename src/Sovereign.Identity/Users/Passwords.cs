using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;

namespace Sovereign.Identity.Users;

/// <summary>Hashes and verifies passwords by PBKDF2 with SHA-512, on threads of their own and few at a time: it burns a core for as long as it takes.
/// Form: "pbkdf2-sha512.1$rounds$salt$hash", so that rounds can grow and old hashes stay good.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle nobody asks for holds nothing to dispose.")]
internal sealed class Passwords(IRandomness randomness, int rounds)
{
    public const int LengthMax = 4096;
    private const string Form = "pbkdf2-sha512.1";
    private const int SaltBytes = 16;
    private const int HashBytes = 64;

    /// <summary>Longer than this in the queue means an overload; the client is told to come back.</summary>
    private static readonly TimeSpan waitMax = TimeSpan.FromSeconds(20);
    private readonly SemaphoreSlim running = new(Math.Max(1, Environment.ProcessorCount - 1));

    /// <summary>What unknown users are verified against, so that they cost as much as known ones.</summary>
    private readonly string nobody = Write(rounds, new byte[SaltBytes], new byte[HashBytes]);

    public static Fault? Check(string? password) => password is { Length: > LengthMax }
        ? new Fault.Invalid("password", $"Invalid input for field 'password': at most {LengthMax} characters.")
        : null;

    public Task<Outcome<string>> Hash(string password, CancellationToken stop) => Burn<string>(
        () =>
        {
            var salt = randomness.Bytes(SaltBytes);
            return Write(rounds, salt, Derive(password, salt, rounds));
        },
        stop);

    /// <param name="stored">Null for a user that is not there or has no password: costs the same and is never right.</param>
    public Task<Outcome<bool>> Verify(string password, string? stored, CancellationToken stop) => Burn<bool>(
        () =>
        {
            var parts = (stored ?? nobody).Split('$');
            var expected = Convert.FromBase64String(parts[3]);
            var actual = Derive(password, Convert.FromBase64String(parts[2]), int.Parse(parts[1], CultureInfo.InvariantCulture));
            return CryptographicOperations.FixedTimeEquals(expected, actual) && stored is not null;
        },
        stop);

    private static byte[] Derive(string password, byte[] salt, int rounds) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA512, HashBytes);

    private static string Write(int rounds, byte[] salt, byte[] hash) =>
        string.Create(CultureInfo.InvariantCulture, $"{Form}${rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");

    private async Task<Outcome<T>> Burn<T>(Func<T> work, CancellationToken stop)
    {
        if (!await running.WaitAsync(waitMax, stop)) return new Fault.Unavailable("Too many passwords are being verified; try again.");
        try
        {
            return Outcome.Of(await Task.Factory.StartNew(work, stop, TaskCreationOptions.LongRunning, TaskScheduler.Current));
        }
        finally
        {
            running.Release();
        }
    }
}
