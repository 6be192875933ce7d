using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Wire;

/// <summary>What a body asked for.</summary>
/// <param name="Single">True: it came as {"port": {…}}, and is answered so.</param>
internal sealed record Wishes<TWish>(IReadOnlyList<TWish> Items, bool Single);

/// <summary>A resource's body: one ({"port": {…}}), or for creation many at once ({"ports": […]}).</summary>
internal sealed record Envelope<TBody, TWish>(JsonTypeInfo<TBody> Type, Func<TBody, (TWish? One, IReadOnlyList<TWish>? Many)> Open)
    where TWish : class
{
    /// <summary>What an item may not have, whatever it is for.</summary>
    public Func<TWish, Fault?> Unknown { get; init; } = _ => null;

    public async Task<Outcome<Wishes<TWish>>> Read(Call call, string singular) => (await call.Body(Type)).Then<Wishes<TWish>>(body =>
    {
        var (one, many) = Open(body);
        if (one is not null && many is not null) return new Fault.Invalid("", $"Only one of '{singular}' and '{singular}s' may be given.");
        if (one is not null) return Unknown(one) is { } unknown ? unknown : new Wishes<TWish>([one], Single: true);
        if (many is null || many.Count == 0 || many.Any(item => item is null)) return Absent(singular);
        if (many.Count > Bulk.ItemsMax) return new Fault.Invalid("", $"At most {Bulk.ItemsMax} items can be created at once.");
        return many.Select(Unknown).FirstOrDefault(fault => fault is not null) is { } wrong ? wrong : new Wishes<TWish>(many, Single: false);
    });

    public async Task<Outcome<TWish>> ReadOne(Call call, string singular) => (await call.Body(Type)).Then<TWish>(body =>
        Open(body) is not ({ } one, null) ? Absent(singular) : Unknown(one) is { } unknown ? unknown : one);

    private Fault.Invalid Absent(string singular) => new("", $"Unable to find '{singular}' in request body");
}

internal static class Bulk
{
    /// <summary>Most items of one request.</summary>
    public const int ItemsMax = 1000;

    /// <summary>Makes all, or says why not at the first that can't be made.</summary>
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
}
