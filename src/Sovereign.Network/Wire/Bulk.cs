using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Wire;

/// <summary>Creation of one ({"port": {…}}) or of many at once ({"ports": […]}): all or none.</summary>
internal static class Bulk
{
    /// <summary>Most items of one request.</summary>
    public const int ItemsMax = 1000;

    public static Outcome<IReadOnlyList<T>> Wishes<T>(string singular, T? one, IReadOnlyList<T>? many)
        where T : class
    {
        if (one is not null && many is not null) return new Fault.Invalid("", $"Only one of '{singular}' and '{singular}s' may be given.");
        if (one is not null) return Outcome.Of<IReadOnlyList<T>>([one]);
        if (many is null || many.Count == 0 || many.Any(item => item is null)) return new Fault.Invalid("", $"Unable to find '{singular}' in request body");
        return many.Count > ItemsMax ? new Fault.Invalid("", $"At most {ItemsMax} items can be created at once.") : Outcome.Of(many);
    }

    public static Outcome<T> Wish<T>(string singular, T? one)
        where T : class => one is null ? new Fault.Invalid("", $"Unable to find '{singular}' in request body") : one;

    public static Outcome<List<TOut>> Each<TIn, TOut>(IReadOnlyList<TIn> items, Func<TIn, Outcome<TOut>> make)
    {
        var made = new List<TOut>(items.Count);
        foreach (var item in items)
        {
            var one = make(item);
            if (one.Fault is { } fault) return fault;
            made.Add(one.Value);
        }

        return made;
    }

    /// <summary>201 with the one or the list, as it was asked for.</summary>
    public static Answer Created<T>(Call call, Outcome<List<T>> made, bool single, string singular, string plural, JsonTypeInfo<T> type) => Answer.Of(
        made, views => single ? NeutronAnswers.One(call, 201, singular, views[0], type) : NeutronAnswers.Many(201, plural, views, type));
}
