using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Compute;
using Sovereign.Identity;
using Sovereign.Image;
using Sovereign.Image.Imports;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager;
using Sovereign.Launcher;
using Sovereign.LoadBalancer;
using Sovereign.Network;
using Sovereign.Node.Control;
using Sovereign.ObjectStore;
using Sovereign.Placement;
using Sovereign.Volume;

namespace Sovereign.Serve;

/// <summary>The house, put together: modules in the order of the arrows.</summary>
public sealed class Composition
{
    private Composition(NodeModule node, IdentityModule identity, ImageModule image, PlacementModule placement, NetworkModule network,
        KeyManagerModule keys, VolumeModule volume, ComputeModule compute, ObjectStoreModule objects, LoadBalancerModule loadBalancer) =>
        (Node, Identity, Image, Placement, Network, Keys, Volume, Compute, ObjectStore, LoadBalancer) =
        (node, identity, image, placement, network, keys, volume, compute, objects, loadBalancer);

    public NodeModule Node { get; }

    public IdentityModule Identity { get; }

    public ImageModule Image { get; }

    public PlacementModule Placement { get; }

    public NetworkModule Network { get; }

    public KeyManagerModule Keys { get; }

    public VolumeModule Volume { get; }

    public ComputeModule Compute { get; }

    public ObjectStoreModule ObjectStore { get; }

    public LoadBalancerModule LoadBalancer { get; }

    public IReadOnlyList<IModule> Modules => [Node, Identity, Image, Placement, Network, Keys, Volume, Compute, ObjectStore, LoadBalancer];

    public ICallers Callers => Identity.Callers;

    /// <param name="firstPasswords">Of the users admin and demo; used only when they don't exist yet.</param>
    /// <param name="networks">What the operator decided about networks; null: all as it comes.</param>
    /// <param name="imageImport">What the operator decided about image imports; null: public sources only.</param>
    /// <param name="settings">What the operator decided about passwords and scopes; null: the defaults.</param>
    /// <param name="computeOptions">What of each node may be promised to servers; null: the defaults.</param>
    /// <param name="backupDirectory">Where backups of volumes are kept; null: among the control plane's data.</param>
    public static Composition Of(
        KernelServices kernel, (string Admin, string Demo) firstPasswords, NetworkOptions? networks, ImportOptions? imageImport = null, IdentitySettings? settings = null,
        ComputeOptions? computeOptions = null, string? backupDirectory = null)
    {
        var node = new NodeModule(kernel);
        var image = new ImageModule(kernel, imageImport);
        var placement = new PlacementModule(kernel);
        var network = new NetworkModule(kernel, node.Hub, networks ?? new NetworkOptions());
        var keys = new KeyManagerModule(kernel);
        var volume = new VolumeModule(kernel, node.Hub, image, keys.Secrets, new VolumeOptions((computeOptions ?? new ComputeOptions()).Zone, backupDirectory));
        var compute = new ComputeModule(kernel, node.Hub, image, placement, network.Networks, volume.Volumes, computeOptions ?? new ComputeOptions());
        var objects = new ObjectStoreModule(kernel);
        var loadBalancer = new LoadBalancerModule(kernel, node.Hub, network.BalancerPorts, new SecretCertificates(keys.Secrets));
        var catalog = new IModule[] { image, placement, network, keys, volume, compute, objects, loadBalancer }
            .Select(module => new CatalogService(module.Face!.Type, module.Face.Name, kernel.Settings.PublicUrl + CatalogPath(module)))
            // Clients look for volumes under a name of each of their generations.
            .Append(new CatalogService("block-storage", "cinder", kernel.Settings.PublicUrl + CatalogPath(volume)))
            // S3 has no path of its own: it is known by its signatures.
            .Append(new CatalogService("object-store-s3", "s3", kernel.Settings.PublicUrl + "/"))
            .Prepend(new CatalogService("identity", "keystone", kernel.Settings.PublicUrl + "/identity"))
            .ToList();
        var options = new IdentityOptions(catalog, new FirstUser("admin", firstPasswords.Admin), new FirstUser("demo", firstPasswords.Demo));
        if (settings is not null) options = options with { EnforceScope = settings.EnforceScope, PasswordRules = settings.Rules };
        var identity = new IdentityModule(kernel, options);
        node.Hub.ImageSource = image.OpenContent;
        node.Hub.SnapshotSink = image.Receive;
        // What nodes send of volumes are backups and images.
        node.Hub.ContentSource = volume.OpenContent;
        node.Hub.ContentSink = async (id, content, stop) => volume.KeepsContent(id)
            ? await volume.ReceiveContent(id, content, stop)
            : (await image.Receive(id, content, stop)).Then(_ => image.Find(AccessGrant.OfSystem(), id).Map(kept => kept.Digest ?? ""));
        node.Hub.PasswordSink = compute.LeavePassword;
        return new Composition(node, identity, image, placement, network, keys, volume, compute, objects, loadBalancer);
    }

    /// <summary>Every service's access rules under these overrides; no database is opened and nothing is started.</summary>
    /// <exception cref="PolicyException">An override is no rule, or has no known words.</exception>
    public static Policy Rules(IReadOnlyDictionary<string, string> overrides)
    {
        using var engine = new SqliteEngine(":memory:");
        var sources = new KernelSources(TimeProvider.System, new RandomIds(), new SystemRandomness(), new NoCrashPoints(), NullLoggerFactory.Instance);
        var kernel = new KernelServices(new CloudSettings("", "", ""), engine, new MasterKey(new byte[MasterKey.Bytes]), sources, new Policy(overrides));
        foreach (var module in Of(kernel, ("", ""), null).Modules) kernel.Policy.Add(module.Access);
        kernel.Policy.CheckOverrides();
        return kernel.Policy;
    }

    /// <summary>The engine that the settings choose.</summary>
    public static IEngine Database(CloudOptions options) => options.Database is null
        ? new SqliteEngine(Path.Combine(options.Directory.Control, "sovereign.db")) : new PostgresEngine(options.Database);

    /// <summary>Clients of the original find image, network and key manager at their root and append the version themselves.</summary>
    private static string CatalogPath(IModule module) => module.Face!.Type switch
    {
        "image" => "/image",
        "network" => "/network",
        "key-manager" => "/key-manager",
        "volumev3" => "/volume/v3/%(project_id)s",
        "object-store" => "/object-store/v1/AUTH_%(project_id)s",
        _ => module.Face.Prefix,
    };
}
