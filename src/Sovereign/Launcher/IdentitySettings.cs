using System.Text.RegularExpressions;
using Sovereign.Identity;

namespace Sovereign.Launcher;

/// <summary>What the operator decides about passwords and scopes.</summary>
/// <param name="EnforceScope">True: what belongs to the whole cloud is closed to tokens of a domain.</param>
/// <param name="Rules">What passwords must be like and how long they last.</param>
public sealed record IdentitySettings(bool EnforceScope, PasswordRules Rules)
{
    public const int DaysMax = 3650;
    public const int CountMax = 1000;
    public const int SecondsMax = 30 * 24 * 3600;

    internal static IdentitySettings Read(WrittenSettings settings, List<string> faults)
    {
        var standard = new PasswordRules();
        var regex = settings[SettingNames.PasswordRegex];
        try
        {
            if (regex is not null) _ = new Regex(regex);
        }
        catch (ArgumentException exception)
        {
            faults.Add($"{SettingNames.PasswordRegex}: is no pattern that can be used: {exception.Message}");
        }
        return new IdentitySettings(settings.Flag(SettingNames.EnforceScope, true, faults), standard with
        {
            Regex = regex,
            RegexDescription = settings[SettingNames.PasswordRegexDescription] ?? standard.RegexDescription,
            UniqueLastCount = settings.Number(SettingNames.UniqueLastPasswordCount, CountMax, 0, faults),
            ExpiresAfter = TimeSpan.FromDays(settings.Number(SettingNames.PasswordExpiresDays, DaysMax, 0, faults)),
            MinimumAge = TimeSpan.FromDays(settings.Number(SettingNames.MinimumPasswordAge, DaysMax, 0, faults)),
            LockoutAttempts = settings.Number(SettingNames.LockoutFailureAttempts, CountMax, 0, faults),
            LockoutDuration = TimeSpan.FromSeconds(
                settings.Number(SettingNames.LockoutDuration, SecondsMax, (int)standard.LockoutDuration.TotalSeconds, faults)),
            ChangeUponFirstUse = settings.Flag(SettingNames.ChangePasswordUponFirstUse, false, faults),
        });
    }
}
