using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Sovereign.Commands;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Launcher;
using Sovereign.Node.Control;

namespace Sovereign.Serve;

/// <summary>The control plane: composes the services behind one HTTPS endpoint, and the agents' door on a Unix socket.</summary>
internal static class ServeCommand
{
    public static async Task<int> Run(CloudOptions options, CancellationToken stop)
    {
        using var logs = ProcessLog.Create();
        var sources = new KernelSources(TimeProvider.System, new RandomIds(), new SystemRandomness(), new NoCrashPoints(), logs);
        var keys = Directory.CreateDirectory(
            Path.Combine(options.Directory.Control, "keys"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        using var engine = Composition.Database(options);
        await using var kernel = new KernelServices(
            new CloudSettings(options.PublicUrl, options.Region, options.Directory.Control),
            engine,
            MasterKey.LoadOrCreate(Path.Combine(keys, "master.key"), sources.Randomness),
            sources,
            new Policy(PolicyFile.Read(options.Directory.Policy)));
        var passwords = FirstPasswords.LoadOrCreate(options, sources.Randomness);
        var house = Composition.Of(kernel, (passwords.Admin, passwords.Demo), options.Network, options.ImageImport, options.Identity, options.Compute,
            options.BackupDirectory);
        using var authority = new NodeAuthority(options, sources.Clock);
        house.Node.Hub.Authority = authority;
        if (options.FenceCommand is { } fence) house.Node.Hub.Fencing = new CommandFencing(fence, sources.Clock);
        using var journalKey = JournalKey.LoadOrCreate(Path.Combine(keys, "journal.key"));
        var heads = Path.Combine(options.Directory.Control, options.Beside ? "journal.beside.heads" : "journal.heads");
        kernel.Periodics.Add(new JournalHeadFile(kernel.Journal, heads, journalKey, sources.Clock));
        // Of two control planes side by side one does it; the other reads the file again.
        var rotation = new MasterKeyRotation(kernel.Master, kernel.Keys, kernel.Queue, sources.Randomness, Path.Combine(keys, RotateKeys.Request));
        if (!options.Beside) kernel.Periodics.Add(rotation);
        await kernel.Start(house.Modules, stop);
        using var certificate = Certificates.Endpoint(options, sources.Clock);
        await using var app = Build(options, kernel, house, certificate, out var firstImage);
        await app.StartAsync(stop);
        File.SetUnixFileMode(options.NodeSocket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        logs.CreateLogger("sovereign").LogInformation("The API answers at {Url}.", options.PublicUrl);
        await firstImage.Register(house.Identity.AdminProjectId, stop);
        try
        {
            await Task.WhenAll(kernel.Due.Run(stop), kernel.Periodics.Run(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop: open requests end, then the writer.
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), sources.Clock);
        await app.StopAsync(patience.Token);
        return 0;
    }

    private static WebApplication Build(
        CloudOptions options, KernelServices kernel, Composition house, X509Certificate2 certificate, out FirstImage firstImage)
    {
        // A socket left by a killed process would make the bind fail.
        File.Delete(options.NodeSocket);
        var builder = CloudWeb.Builder(kernel, kestrel =>
        {
            kestrel.Listen(options.Listen, endpoint => endpoint.UseHttps(NodeAuthority.Handshakes(certificate)));
            kestrel.ListenUnixSocket(options.NodeSocket, NodeModule.AgentsOnly);
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        var app = builder.Build();
        CloudWeb.Map(app, kernel, house.Modules, house.Callers);
        house.Node.MapAgents(app);
        firstImage = new FirstImage(options, house.Image, kernel.Log("image"));
        new StatusEndpoint(kernel, house.Modules, house.Node.Hub, house.Image, firstImage).Map(app);
        return app;
    }
}

/// <summary>The key that signs the journal's heads.</summary>
internal static class JournalKey
{
    public static ECDsa LoadOrCreate(string path)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(path)) key.ImportFromPem(File.ReadAllText(path));
        else OwnerOnly.Write(path, key.ExportPkcs8PrivateKeyPem());
        return key;
    }
}
