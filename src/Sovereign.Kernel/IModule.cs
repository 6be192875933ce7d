using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Wire;

namespace Sovereign.Kernel;

/// <summary>A service as the executable composes it. Constructors do no I/O.</summary>
public interface IModule
{
    /// <summary>"network".</summary>
    string Name { get; }

    /// <summary>How it shows itself; null for a module without an API.</summary>
    ServiceFace? Face { get; }

    /// <summary>A second face that requests don't reach by a path; null: there is none.</summary>
    IFront? Front(WireServices wire) => null;

    /// <summary>Its access table.</summary>
    IReadOnlyList<AccessRule> Access => [];

    IReadOnlyList<QuotaResource> Quotas => [];

    IReadOnlyList<IReconciler> Reconcilers => [];

    IReadOnlyList<IPeriodic> Periodics => [];

    /// <summary>Recounts the module's own books; changes nothing.</summary>
    /// <returns>Each difference as a sentence; empty when all is right.</returns>
    IReadOnlyList<string> Verify() => [];

    /// <summary>First-start rows and whatever must be in memory before the first request; idempotent.</summary>
    Task Start(CancellationToken stop) => Task.CompletedTask;

    /// <summary>Reads again what it keeps in memory and another process may have changed. Called twice a second where several processes serve one database.</summary>
    /// <returns>What was new, as a sentence for the log; null: nothing that the operator would want to know.</returns>
    Task<string?> CatchUp(CancellationToken stop) => Task.FromResult<string?>(null);

    /// <summary>Maps its routes; <paramref name="face"/> gives a mapper for a face.</summary>
    void Map(Func<ServiceFace, Routes> face);
}
