using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Sovereign.Kernel.Wire;

/// <summary>"2.72": asked for by header, request by request.</summary>
public readonly record struct Microversion(int Major, int Minor) : IComparable<Microversion>
{
    public int CompareTo(Microversion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    public static bool operator <(Microversion left, Microversion right) => left.CompareTo(right) < 0;

    public static bool operator >(Microversion left, Microversion right) => left.CompareTo(right) > 0;

    public static bool operator <=(Microversion left, Microversion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Microversion left, Microversion right) => left.CompareTo(right) >= 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");

    public static Microversion? TryParse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && Number(text[..dot]) is { } major && Number(text[(dot + 1)..]) is { } minor ? new Microversion(major, minor) : null;
    }

    private static int? Number(string text) =>
        text.Length is > 0 and < 6 && (text[0] != '0' || text.Length == 1)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>One line of a service's table of changes.</summary>
/// <param name="Implemented">False for a change that touches our routes and is not there yet: the advertised maximum stays below it.</param>
public sealed record MicroversionChange(int Minor, string What, bool Implemented = true);

/// <summary>What a service negotiates. The maximum is computed: the largest version with every change up to it implemented.</summary>
/// <param name="ServiceType">Word in OpenStack-API-Version: "compute", "placement".</param>
/// <param name="LegacyHeader">Older header that means the same ("X-OpenStack-Nova-API-Version"), or null.</param>
public sealed class MicroversionTable
{
    public const string Header = "OpenStack-API-Version";

    /// <summary>Header values of every version from Min on, made once: they go out with every answer.</summary>
    private readonly (StringValues Named, StringValues Bare)[] announced;
    private readonly StringValues vary;

    public MicroversionTable(string ServiceType, int major, IReadOnlyList<MicroversionChange> changes, string? LegacyHeader = null)
    {
        (this.ServiceType, this.LegacyHeader) = (ServiceType, LegacyHeader);
        Min = new Microversion(major, changes[0].Minor);
        Max = new Microversion(major, changes.TakeWhile(change => change.Implemented).Last().Minor);
        announced = Enumerable.Range(Min.Minor, Max.Minor - Min.Minor + 1).Select(minor => new Microversion(major, minor).ToString())
            .Select(version => (new StringValues($"{ServiceType} {version}"), new StringValues(version))).ToArray();
        vary = LegacyHeader is null ? Header : $"{Header}, {LegacyHeader}";
    }

    public string ServiceType { get; }

    public string? LegacyHeader { get; }

    public Microversion Min { get; }

    public Microversion Max { get; }

    /// <summary>Says in the answer's headers which version it was made for.</summary>
    internal void Announce(IHeaderDictionary headers, Microversion version)
    {
        var (named, bare) = announced[version.Minor - Min.Minor];
        headers[Header] = named;
        headers.Vary = vary;
        if (LegacyHeader is not null) headers[LegacyHeader] = bare;
    }
}
