namespace Sovereign.Kernel.Outcomes;

/// <summary>A value or an expected failure. Exceptions are for bugs and broken machines.</summary>
public readonly struct Outcome<T>
{
    private readonly T? value;

    private Outcome(T? value, Fault? fault) => (this.value, Fault) = (value, fault);

    /// <summary>Null when there is a value.</summary>
    public Fault? Fault { get; }

    /// <summary>The value; throws when there is a fault, which is a bug of the caller.</summary>
    public T Value => Fault is null ? value! : throw new InvalidOperationException(Fault.Message);

    public bool Ok => Fault is null;

    internal static Outcome<T> From(T value) => new(value, null);

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Fault fault) => new(default, fault);

    public Outcome<TTo> Then<TTo>(Func<T, Outcome<TTo>> next) => Fault is null ? next(value!) : Fault;

    public Outcome<TTo> Map<TTo>(Func<T, TTo> next) => Fault is null ? next(value!) : Fault;
}

/// <summary>Makes outcomes where the compiler does not convert by itself.</summary>
public static class Outcome
{
    /// <summary>An outcome with this value: for interface types, which C# does not convert implicitly.</summary>
    public static Outcome<T> Of<T>(T value) => Outcome<T>.From(value);
}

/// <summary>The value of an operation that has nothing to say but that it is done.</summary>
public readonly record struct Done
{
    public static readonly Done Value;
}
