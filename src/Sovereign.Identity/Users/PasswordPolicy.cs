using System.Text.RegularExpressions;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Users;

/// <summary>What is known of a user's password when it logs in.</summary>
internal sealed record LoginRow
{
    public string? Password { get; init; }

    public string Options { get; init; } = "{}";

    public long PasswordCreatedAt { get; init; }

    public long PasswordExpiresAt { get; init; }

    /// <summary>Wrong passwords in a row.</summary>
    public long FailedLogins { get; init; }

    /// <summary>When the last one was wrong, microseconds UTC.</summary>
    public long FailedAt { get; init; }
}

/// <summary>The operator's rules of passwords, applied.</summary>
internal sealed class PasswordPolicy(PasswordRules rules, Passwords passwords)
{
    private const int RememberedMax = 24;
    private static readonly TimeSpan matchTimeMax = TimeSpan.FromSeconds(1);
    private readonly Regex? regex = rules.Regex is null ? null : new Regex(rules.Regex, RegexOptions.CultureInvariant, matchTimeMax);

    public PasswordRules Rules => rules;

    public static LoginRow? Login(Session session, string userId) => session.FirstOrDefault<LoginRow>(
        "SELECT password, options, password_created_at, password_expires_at, failed_logins, failed_at FROM users WHERE id = @userId", new { userId });

    /// <summary>Null when a new password is like the rules want it.</summary>
    public Fault? Check(string? password)
    {
        if (Passwords.Check(password) is { } tooLong) return tooLong;
        return password is null || regex is null || Matches(password) ? null : new Fault.Invalid(
            "password", $"The password does not match the requirements: {rules.RegexDescription}.");
    }

    /// <summary>When a password that is set now expires: at once when somebody else gave it and it must be changed first.</summary>
    /// <returns>Microseconds UTC; 0 for never.</returns>
    public long ExpiryOf(long now, string options, bool isOwn)
    {
        if (!isOwn && rules.ChangeUponFirstUse && !UserOptions.Has(options, UserOptions.IgnoreFirstUse)) return now;
        return rules.ExpiresAfter > TimeSpan.Zero && !UserOptions.Has(options, UserOptions.IgnoreExpiry) ? now + Micros.Of(rules.ExpiresAfter) : 0;
    }

    public bool IsExpired(LoginRow login, long now) =>
        login.PasswordExpiresAt != 0 && login.PasswordExpiresAt <= now && !UserOptions.Has(login.Options, UserOptions.IgnoreExpiry);

    public bool CountsFailures(LoginRow login) => rules.LockoutAttempts > 0 && !UserOptions.Has(login.Options, UserOptions.IgnoreLockout);

    public bool IsLocked(LoginRow login, long now) =>
        CountsFailures(login) && login.FailedLogins >= rules.LockoutAttempts && now < login.FailedAt + Micros.Of(rules.LockoutDuration);

    /// <summary>Counts a wrong password; after a lock-out that is over the count starts anew.</summary>
    public void Failed(Tx tx, string userId) => tx.Execute(
        """
        UPDATE users SET failed_logins = CASE WHEN failed_logins >= @max THEN 1 ELSE failed_logins + 1 END, failed_at = @Now WHERE id = @userId
        """,
        new { max = (long)rules.LockoutAttempts, tx.Now, userId });

    public static void Succeeded(Tx tx, string userId) => tx.Execute("UPDATE users SET failed_logins = 0 WHERE id = @userId", new { userId });

    /// <summary>Null when a user may change its own password to this one now.</summary>
    public async Task<Fault?> CheckChange(Database database, string userId, LoginRow login, string password, long now, CancellationToken stop)
    {
        if (UserOptions.Has(login.Options, UserOptions.LockPassword)) return new Fault.Forbidden("Password changes are locked for this user.");
        var isForced = IsExpired(login, now);
        if (!isForced && login.PasswordCreatedAt != 0 && now < login.PasswordCreatedAt + Micros.Of(rules.MinimumAge))
        {
            return new Fault.Invalid("password", "Cannot change password before minimum age is met. Please contact your administrator to reset the password.");
        }

        if (rules.UniqueLastCount <= 1) return null;
        var earlier = database.Read(session => session.Query<string>(
            "SELECT password FROM password_history WHERE user_id = @userId ORDER BY created_at DESC LIMIT @count",
            new { userId, count = (long)Math.Min(rules.UniqueLastCount, RememberedMax) - 1 }));
        foreach (var hash in earlier.Prepend(login.Password))
        {
            var same = await passwords.Verify(password, hash, stop);
            if (same.Fault is { } busy) return busy;
            if (same.Value)
            {
                return new Fault.Invalid(
                    "password",
                    "The new password cannot be identical to a previous password. The total number which includes the new password must be unique is "
                        + rules.UniqueLastCount.ToString(System.Globalization.CultureInfo.InvariantCulture) + ".");
            }
        }

        return null;
    }

    /// <summary>Remembers a password that is replaced now.</summary>
    public void Remember(Tx tx, string userId, string? replaced)
    {
        if (replaced is null || rules.UniqueLastCount <= 1) return;
        tx.Execute(
            "INSERT INTO password_history (user_id, created_at, password) VALUES (@userId, @Now, @replaced) ON CONFLICT DO NOTHING",
            new { userId, tx.Now, replaced });
        tx.Execute(
            """
            DELETE FROM password_history WHERE user_id = @userId AND created_at < (
              SELECT COALESCE(MIN(h.created_at), 0) FROM (
                SELECT created_at FROM password_history WHERE user_id = @userId ORDER BY created_at DESC LIMIT @kept) h)
            """,
            new { userId, kept = (long)RememberedMax });
    }

    private bool Matches(string password)
    {
        try
        {
            return regex!.IsMatch(password);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
