using System.Globalization;
using System.Xml.Linq;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Settings;

/// <summary>The retention of objects that say none themselves.</summary>
internal static class LockDefault
{
    public const string Enabled = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
    private const int DaysPerYear = 365;

    public static Fault? Fault(XElement xml)
    {
        if (xml.Value("ObjectLockEnabled") != "Enabled") return S3Faults.MalformedXml;
        var retention = Retention(xml);
        if (retention is null) return xml.Named("Rule").Any() ? S3Faults.MalformedXml : null;
        if (retention.Value("Mode") is not (ObjectLocks.Governance or ObjectLocks.Compliance)) return S3Faults.MalformedXml;
        if (retention.Named("Days").Any() == retention.Named("Years").Any()) return S3Faults.MalformedXml;
        return Days(retention) is null ? new S3Fault(400, "InvalidRetentionPeriod", "Default retention period must be a positive integer value.") : null;
    }

    /// <summary>The lock of an object that is written now; none when the bucket has no default.</summary>
    public static LockWish Of(string? document, long now)
    {
        var retention = document is null ? null : Retention(XElement.Parse(document));
        return retention is null ? new LockWish(null, null, false)
            : new LockWish(retention.Value("Mode"), now + Micros.Of(TimeSpan.FromDays(Days(retention)!.Value)), false);
    }

    private static XElement? Retention(XElement xml) => xml.Named("Rule").SelectMany(rule => rule.Named("DefaultRetention")).FirstOrDefault();

    private static int? Days(XElement retention)
    {
        var (days, years) = (retention.Value("Days"), retention.Value("Years"));
        if (!int.TryParse(days ?? years, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is 0 or > 36_500) return null;
        return years is null ? number : number * DaysPerYear;
    }
}
