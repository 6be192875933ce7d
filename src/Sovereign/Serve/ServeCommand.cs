using Sovereign.Launcher;

namespace Sovereign.Serve;

/// <summary>The control plane: composes the services behind one HTTPS endpoint.</summary>
internal static class ServeCommand
{
    public static Task<int> Run(CloudOptions options, CancellationToken stop)
        => throw new LauncherException($"The control plane is not part of this build ({options.Data}, {stop.CanBeCanceled}).");
}
