using System.Globalization;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Objects;

/// <summary>How long a version must not be deleted.</summary>
/// <param name="RetainUntil">Microseconds UTC; null: no retention.</param>
internal sealed record LockWish(string? Mode, long? RetainUntil, bool Hold)
{
    public bool IsEmpty => Mode is null && !Hold;
}

/// <summary>Object lock: retention and legal holds ("How S3 Object Lock works" of the Amazon S3 user guide).</summary>
internal static class ObjectLocks
{
    public const string Governance = "GOVERNANCE";
    public const string Compliance = "COMPLIANCE";

    /// <summary>What the headers of a request ask for.</summary>
    public static Outcome<LockWish> Wish(S3Call call)
    {
        var (mode, until, hold) = (call.Header("x-amz-object-lock-mode"), call.Header("x-amz-object-lock-retain-until-date"),
            call.Header("x-amz-object-lock-legal-hold"));
        if (mode is null && until is null && hold is null) return new LockWish(null, null, false);
        if (!call.Bucket.LockEnabled) return S3Faults.InvalidRequest("Bucket is missing Object Lock Configuration");
        if (mode is null != until is null)
        {
            return S3Faults.InvalidArgument("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied");
        }

        if (hold is not (null or "ON" or "OFF")) return S3Faults.InvalidArgument("Legal Hold must be either of 'ON' or 'OFF'");
        if (mode is null) return new LockWish(null, null, hold == "ON");
        return Retention(mode, until).Map(retention => new LockWish(retention.Mode, retention.RetainUntil, hold == "ON"));

        Outcome<LockWish> Retention(string wanted, string? date) => wanted is not (Governance or Compliance)
            ? S3Faults.InvalidArgument("Unknown wormMode directive.")
            : Time(date) is not { } time ? S3Faults.InvalidArgument("The retain until date must be provided in ISO 8601 format")
            : new LockWish(wanted, time, false);
    }

    /// <summary>Why this version must not be deleted now; null: it may.</summary>
    /// <param name="call">Who wants it to go, and may bypass governance; null: the cloud itself.</param>
    public static Fault? Refusal(ObjectRow row, long now, S3Call? call = null)
    {
        if (row.LegalHold) return Locked;
        if (row.RetainUntil is not { } until || until <= now) return null;
        return row.LockMode == Governance && Bypasses(call) ? null : Locked;
    }

    /// <summary>Does the request ask to pass governance by? Whether it may was asked at the gate.</summary>
    public static bool Bypasses(S3Call? call) => string.Equals(call?.Header("x-amz-bypass-governance-retention"), "true", StringComparison.OrdinalIgnoreCase);

    public static long? Time(string? text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        ? Micros.Of(time) : null;

    public static S3Fault Locked => S3Faults.AccessDenied with { Message = "Access Denied because object protected by object lock." };
}
