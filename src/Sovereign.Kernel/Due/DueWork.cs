using Sovereign.Kernel.Outcomes;

namespace Sovereign.Kernel.Due;

/// <summary>Looks at desired and observed state of one resource and walks its phases; may die anywhere and be run again.</summary>
public interface IReconciler
{
    /// <summary>Kind of the due rows that this one takes: "server".</summary>
    string Kind { get; }

    /// <summary>How long one run may take before it is cancelled and tried again.</summary>
    TimeSpan TimeOut => TimeSpan.FromMinutes(2);

    Task<Progress> Run(string id, CancellationToken stop);

    /// <summary>The limit of attempts is reached: puts the resource into its error state with the fault. Not called for waiting.</summary>
    Task GiveUp(string id, Fault fault, CancellationToken stop);
}

/// <summary>How a run went.</summary>
public abstract record Progress
{
    /// <summary>Nothing more to do until the resource changes.</summary>
    public static readonly Progress Done = new Finished();

    public sealed record Finished : Progress;

    /// <summary>Something else must happen first; a change makes it due again, at the latest this span does.</summary>
    public sealed record Waiting(TimeSpan AtMost, string For) : Progress;

    /// <summary>It failed; tried again with back-off until the limit.</summary>
    public sealed record Failed(Fault Fault) : Progress;
}

/// <summary>Work of a period that concerns no single resource: sweeps, verifiers, the journal's head. Takes no orders.</summary>
public interface IPeriodic
{
    string Name { get; }

    TimeSpan Every { get; }

    /// <returns>One line for the operator's status page.</returns>
    Task<string> Run(CancellationToken stop);
}
