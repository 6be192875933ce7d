using System.CommandLine;
using System.Globalization;
using System.Net;
using Sovereign.Kernel.Sources;
using Sovereign.Launcher;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Volumes;

namespace Sovereign.Commands;

/// <summary>How a machine becomes a node: an invitation, the joining, the agent.</summary>
internal static class NodeJoin
{
    private const int TokenMinutesDefault = 60;

    public static Command Token()
    {
        var data = CommonOptions.Data();
        var minutes = new Option<int>("--minutes") { Description = "How long the token can be used.", DefaultValueFactory = _ => TokenMinutesDefault };
        var command = new Command("token",
            """
            Make a token with which one machine may join this cloud, once. It carries the fingerprint of the cloud's CA, so that the machine knows whom to trust.
            The cloud keeps its digest only: it can't be shown again.
            """)
        { data, minutes };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
        {
            if (CommonOptions.Resolve(parsed.GetValue(data), null, null) is not { } options) return CommonOptions.ExitUsage;
            if (await Root.Become("the control plane's socket is closed to others", stop) is { } exitCode) return exitCode;
            using var client = new OperatorClient(options.Directory.NodeSocket);
            var token = await client.Token(parsed.GetValue(minutes), stop);
            Console.WriteLine($"sovereign node join {token.Url} {token.Token}");
            Console.WriteLine($"(run this on the new machine, once, until {Micros.ToSecondsZ(token.EndsAt)})");
            if (IPAddress.TryParse(options.UnderlayAddress, out var underlay) && IPAddress.IsLoopback(underlay))
            {
                await Console.Error.WriteLineAsync("This machine tells other nodes no address of its own, so that networks can't reach from here to there: "
                    + "set \"underlay\" in its configuration file.");
            }

            return 0;
        }));
        return command;
    }

    public static Command Join()
    {
        var url = new Argument<string>("URL") { Description = "The cloud's public address, such as https://cloud.example.org:8443." };
        var token = new Argument<string>("TOKEN") { Description = "From \"sovereign node token\" on the control plane." };
        var name = new Option<string>("--name") { Description = "The node's name in the cloud. Default: this machine's host name.", HelpName = "NAME" };
        var underlay = new Option<string>("--underlay")
        {
            Description = "This machine's address for other nodes. Default: the one by which it reaches the cloud.", HelpName = "ADDRESS",
        };
        var ceph = new[] { SettingNames.CephPool, SettingNames.CephUser, SettingNames.CephConf, SettingNames.CephKeyring }
            .Select(setting => new Option<string>(Shown(setting)) { Description = $"As the setting {setting} of the cloud.", HelpName = "TEXT" }).ToList();
        var data = CommonOptions.Data();
        var command = new Command("join",
            """
            Make this machine a node of a cloud whose control plane is elsewhere. Installs missing OS packages and the program, makes a key that never leaves this
            machine, and gets a certificate from the cloud's CA. Doing it again with the same token is fine.
            """)
        { url, token, name, underlay, ceph[0], ceph[1], ceph[2], ceph[3], data };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
        {
            if (!Uri.TryCreate(parsed.GetValue(url), UriKind.Absolute, out var address) || address.Scheme != "https")
                throw new LauncherException($"'{parsed.GetValue(url)}' is no https address.");
            if (JoinToken.Parse(parsed.GetValue(token)!) is not { } invitation) throw new LauncherException("That is no token of \"sovereign node token\".");
            if (await Root.Become("it makes network namespaces and virtual machines", stop) is { } exitCode) return exitCode;
            var cloud = CloudDirectory.At(parsed.GetValue(data) ?? CloudDirectory.Default);
            var (given, faults) = (ceph.ConvertAll(option => parsed.GetValue(option)), new List<string>());
            var pool = CephSettings.From(given[0], given[1], given[2], given[3], Shown, faults);
            if (faults.Count > 0) throw new LauncherException(string.Join('\n', faults));
            return await Run(cloud, address, invitation, parsed.GetValue(name) ?? Environment.MachineName, parsed.GetValue(underlay), pool, stop);
        }));
        return command;
    }

    /// <summary>A setting as an option: --ceph-pool.</summary>
    private static string Shown(string setting) => "--" + setting.Replace('_', '-');

    public static Command Serve()
    {
        var data = CommonOptions.Data();
        var detach = new Option<bool>("--detach") { Description = "Start it under a supervisor of its own and return; \"sovereign down\" stops it." };
        var command = new Command("serve", "Run the agent of a machine that joined, until it is told to stop. Virtual machines outlive it.") { data, detach };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
        {
            var cloud = CloudDirectory.At(parsed.GetValue(data) ?? CloudDirectory.Default);
            if (!cloud.IsJoined) throw new LauncherException($"{cloud.Path} is no machine that joined a cloud. First: sovereign node join URL TOKEN");
            if (await Root.Become("it makes network namespaces and virtual machines", stop) is { } exitCode) return exitCode;
            if (!parsed.GetValue(detach)) return await NodeRole.Run(cloud.Path, stop);
            var processes = new CloudProcesses(cloud, TimeProvider.System);
            if (processes.Watcher is not null)
            {
                Console.WriteLine($"The agent in {cloud.Path} is running already.");
                return 0;
            }

            await processes.Stop(stop);     // what a supervisor that was killed left behind
            await processes.Start(stop);
            Console.WriteLine($"The agent runs; its log is {cloud.NodeLog}.");
            return 0;
        }));
        return command;
    }

    private static async Task<int> Run(CloudDirectory cloud, Uri url, JoinToken token, string name, string? underlay, RbdOptions? ceph, CancellationToken stop)
    {
        if (cloud.IsCloud) throw new LauncherException($"{cloud.Path} is a cloud of its own; a node needs another --data.");
        if (cloud.IsJoined) throw new LauncherException($"{cloud.Path} is a node already. Leave its cloud first: sovereign down --data {cloud.Path} --destroy");
        var own = underlay ?? JoinedNode.AddressTowards(url) ?? throw new LauncherException($"{url} can't be reached from this machine.");
        if (!IPAddress.TryParse(own, out _)) throw new LauncherException($"--underlay: '{own}' is no IP address.");
        await new Preparation(cloud, Console.WriteLine).RunNode(stop);
        var node = new JoinedNode(cloud);
        using var key = node.Key();
        var joined = await JoinClient.Join(url, token, name, JoinClient.Request(key, name), stop);
        node.Keep(joined, new JoinSettings(url.ToString(), joined.Name, own) { Ceph = ceph });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"This machine is the node {joined.Name} ({joined.Node}) of {url}, at {own} for other nodes."));
        Console.WriteLine($"Start its agent: {cloud.Program} node serve --data {cloud.Path} --detach");
        return 0;
    }
}
