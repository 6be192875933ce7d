using System.Text.Json.Serialization;

namespace Sovereign.Node.Contract;

/// <summary>What one node should be: the items that changed after the version the agent has, or all of them (<see cref="Full"/>).</summary>
/// <param name="Cloud">Id of the cloud, part of every external name.</param>
/// <param name="Node">Id of the node (UUID).</param>
/// <param name="Incarnation">The journal's incarnation; another one than before makes the agent ask for the full manifest.</param>
/// <param name="Version">Journal sequence up to which this manifest is complete.</param>
/// <param name="Full">True: whatever of this cloud and node is not listed was never heard of here or is gone.</param>
/// <param name="Items">Changed items; an item without a spec must be absent from the node.</param>
/// <param name="Requests">One-shot reads that the control plane waits for (console text), answered on a stream of their own.</param>
public sealed record NodeManifest(
    string Cloud, string Node, string Incarnation, long Version, bool Full,
    IReadOnlyList<ManifestItem> Items, IReadOnlyList<NodeRequest> Requests)
{
    /// <summary>Version of this document's form; an agent one release older keeps working.</summary>
    public int Schema { get; init; } = 1;
}

/// <summary>Kinds of manifest items, in the order in which a node makes them (and the reverse in which it removes them).</summary>
public static class ItemKinds
{
    public const string Network = "network";
    public const string Group = "group";
    public const string Port = "port";
    public const string Router = "router";
    public const string Balancer = "balancer";
    public const string Volume = "volume";
    public const string VolumeSnapshot = "volume_snapshot";
    public const string Domain = "domain";
    public const string VolumeSwap = "volume_swap";
    public const string Snapshot = "snapshot";
    public const string VolumeContent = "volume_content";
    public const string Carry = "carry";
    public const string Departure = "departure";
    public static readonly IReadOnlyList<string> InOrder =
        [Network, Group, Port, Router, Balancer, Volume, VolumeSnapshot, Domain, VolumeSwap, Snapshot, VolumeContent, Carry, Departure];
}

/// <summary>One desired thing; exactly one spec is set, the one of its kind, or none when the thing must be absent.</summary>
public sealed record ManifestItem(string Kind, string Id, long Version)
{
    public NetworkSpec? Network { get; init; }
    public GroupSpec? Group { get; init; }
    public PortSpec? Port { get; init; }
    public RouterSpec? Router { get; init; }
    public BalancerSpec? Balancer { get; init; }
    public DomainSpec? Domain { get; init; }
    public SnapshotSpec? Snapshot { get; init; }
    public CarrySpec? Carry { get; init; }
    public DepartureSpec? Departure { get; init; }
    public VolumeSpec? Volume { get; init; }
    public VolumeSnapshotSpec? VolumeSnapshot { get; init; }
    public VolumeContentSpec? VolumeContent { get; init; }
    public VolumeSwapSpec? VolumeSwap { get; init; }

    [JsonIgnore]
    public bool Absent => Network is null && Group is null && Port is null && Router is null && Balancer is null && Domain is null && Snapshot is null
        && Carry is null && Departure is null && Volume is null && VolumeSnapshot is null && VolumeContent is null && VolumeSwap is null;
}

/// <summary>A layer-2 network as one node needs it. <see cref="External"/> is the one joined to the host.</summary>
public sealed record NetworkSpec(string Id, string ProjectId, int Vni, int MtuBytes, bool External, string DnsDomain, IReadOnlyList<SubnetSpec> Subnets)
{
    /// <summary>The way to its parts on other nodes; null: there are none.</summary>
    public OverlaySpec? Overlay { get; init; }
}

/// <summary>A subnet of either IP version. <see cref="DhcpAddress"/> (null: no DHCP) is the address of this network's DHCP and metadata
/// port.</summary>
public sealed record SubnetSpec(
    string Id, string Cidr, string? Gateway, string? DhcpAddress, IReadOnlyList<string> DnsServers, IReadOnlyList<RouteSpec> HostRoutes)
{
    /// <summary>True: hosts hear of the subnet from routers alone, so DHCP says nothing of it.</summary>
    public bool WithoutDhcp { get; init; }
}

/// <summary>A static route of a subnet or router.</summary>
public sealed record RouteSpec(string Destination, string NextHop);

/// <summary>A security group: its rules, and the addresses of its members on all nodes (for remote-group rules of others).</summary>
public sealed record GroupSpec(string Id, bool Stateful, IReadOnlyList<RuleSpec> Rules, IReadOnlyList<string> MemberAddresses);

/// <summary>Protocol is a name or number of IANA ("tcp", "udp", "icmp", "47") or null for any; ports are null for any; for ICMP they are type and code.</summary>
public sealed record RuleSpec(
    string Id, bool Ingress, bool Ipv6, string? Protocol, int? PortMin, int? PortMax, string? RemoteCidr, string? RemoteGroupId);

/// <summary>A port of a server on this node: its tap, its DHCP lease, its anti-spoofing and its security groups.</summary>
/// <param name="DomainId">The server that owns the tap; metadata requests from this port's addresses are answered with its documents.</param>
/// <param name="PortSecurity">False: neither anti-spoofing nor security groups.</param>
public sealed record PortSpec(
    string Id, string NetworkId, string DomainId, string Mac, IReadOnlyList<AddressSpec> Addresses, bool AdminUp, bool PortSecurity,
    IReadOnlyList<string> GroupIds, IReadOnlyList<AddressPairSpec> AllowedPairs, string HostName)
{
    /// <summary>Options that DHCP gives this port alone; null: none.</summary>
    public IReadOnlyList<DhcpOptionSpec>? DhcpOptions { get; init; }

    /// <summary>How fast it may be; null: as fast as it can.</summary>
    public PortRatesSpec? Rates { get; init; }

    /// <summary>What is logged of its packets; null: nothing.</summary>
    public IReadOnlyList<PortLogSpec>? Logs { get; init; }

    /// <summary>True: no guest has it but the node itself, in a namespace of the port's own with its addresses.</summary>
    public bool? Held { get; init; }
}

/// <summary>A DHCP option by its name ("bootfile-name") or number ("67").</summary>
public sealed record DhcpOptionSpec(string Name, string Value)
{
    /// <summary>True: an option of DHCPv6.</summary>
    public bool Ipv6 { get; init; }
}

/// <summary>Limits as the guest sees them: egress is what it sends. Null: no limit.</summary>
public sealed record PortRatesSpec(RateSpec? Egress, RateSpec? Ingress);

/// <summary>Kilobits per second, and kilobits at once (0: four fifths of a second's).</summary>
public sealed record RateSpec(long Kbps, long BurstKilobits);

/// <summary>A fixed address of a port.</summary>
/// <param name="PublicAddress">The floating IP that leads to it; null: none.</param>
public sealed record AddressSpec(string SubnetId, string Address, string? PublicAddress = null);

/// <summary>Another address (a CIDR) that the port may send from; a null MAC means the port's own.</summary>
public sealed record AddressPairSpec(string Cidr, string? Mac);

/// <summary>A router that lives on this node.</summary>
public sealed record RouterSpec(
    string Id, bool AdminUp, RouterGatewaySpec? Gateway, IReadOnlyList<RouterInterfaceSpec> Interfaces,
    IReadOnlyList<FloatingIpSpec> FloatingIps, IReadOnlyList<RouteSpec> Routes)
{
    /// <summary>Ports of floating IPs that lead to no fixed address as a whole; null: none.</summary>
    public IReadOnlyList<ForwardingSpec>? Forwardings { get; init; }

    /// <summary>Connections whose kin the router lets through; null: none.</summary>
    public IReadOnlyList<HelperSpec>? Helpers { get; init; }

    /// <summary>What it counts at its gateway; null: nothing.</summary>
    public IReadOnlyList<MeterSpec>? Meters { get; init; }
}

/// <summary>The leg on the external network. Addresses carry their prefix ("203.0.113.7/24").</summary>
/// <param name="NextHop">Of IPv4; <see cref="NextHop6"/> is that of IPv6, which is routed as it is: <paramref name="Snat"/> is of IPv4.</param>
public sealed record RouterGatewaySpec(string PortId, string NetworkId, string Mac, IReadOnlyList<string> Addresses, string? NextHop, bool Snat)
{
    public string? NextHop6 { get; init; }
}

/// <summary>A leg on a tenant network; the address carries its prefix ("10.0.0.1/24").</summary>
public sealed record RouterInterfaceSpec(string PortId, string NetworkId, string Mac, IReadOnlyList<string> Addresses)
{
    /// <summary>What the router announces here to IPv6 hosts; null: nothing.</summary>
    public IReadOnlyList<AdvertisedPrefixSpec>? Advertised { get; init; }
}

/// <summary>A prefix of a router advertisement.</summary>
/// <param name="Mode">"slaac", "dhcpv6-stateless" or "dhcpv6-stateful": where hosts get addresses and other settings from.</param>
public sealed record AdvertisedPrefixSpec(string Cidr, string Mode, IReadOnlyList<string> DnsServers);

/// <summary>An external address that stands for a fixed one.</summary>
public sealed record FloatingIpSpec(string Id, string Address, string FixedAddress);

/// <summary>Ports (first to last) of an external address that stand for ports of a fixed one: for as many, or all for one.</summary>
/// <param name="Protocol">"tcp" or "udp".</param>
public sealed record ForwardingSpec(
    string Id, string Address, string Protocol, int FirstPort, int LastPort, string FixedAddress, int FixedFirstPort, int FixedLastPort);

/// <summary>A server as its hypervisor needs it.</summary>
/// <param name="MemoryMib">Memory in MiB.</param>
/// <param name="Power">What should be: running or shut off.</param>
/// <param name="RebootCount">Rises by one with every reboot asked for; the agent reboots when it is above what it did last.</param>
/// <param name="RebootHard">How the latest reboot is to be done.</param>
/// <param name="ShutdownSeconds">How long a soft shutdown may take before the power is cut.</param>
/// <param name="Root">Null: it boots from a volume.</param>
public sealed record DomainSpec(
    string Id, string ProjectId, string Name, int Vcpus, int MemoryMib, PowerTarget Power, int RebootCount, bool RebootHard, int ShutdownSeconds,
    RootDiskSpec? Root, IReadOnlyList<NicSpec> Nics, GuestDataSpec Guest, HardwareSpec Hardware)
{
    /// <summary>The disk that it boots from instead, to be mended; null: from its own.</summary>
    public RescueSpec? Rescue { get; init; }

    /// <summary>Empty disks beside the root disk, in the order in which the guest sees them.</summary>
    public IReadOnlyList<BlankDiskSpec> Blanks { get; init; } = [];

    /// <summary>Volumes that are its disks; with one that it boots from, it has no root disk of its own.</summary>
    public IReadOnlyList<VolumeDiskSpec> Volumes { get; init; } = [];

    /// <summary>Disks that come from the node where the server was before; null: they are made here.</summary>
    public IReadOnlyList<CarriedDiskSpec>? Carried { get; init; }

    /// <summary>It comes from another node while it runs; null: it is this node's own.</summary>
    public ArrivalSpec? Arrival { get; init; }
}

/// <summary>A disk to boot from for mending; <see cref="RootDiskSpec.Generation"/> of its disk tells one rescue from the next.</summary>
/// <param name="Bus">"virtio", "scsi", "ide" or "usb".</param>
/// <param name="Cdrom">True: the guest sees a CD-ROM drive.</param>
/// <param name="Last">True: it comes after the root disk in the guest's order, which keeps the names of the others.</param>
public sealed record RescueSpec(RootDiskSpec Disk, string Bus, bool Cdrom, bool Last);

/// <summary>An empty disk that lives as long as its server.</summary>
/// <param name="Name">"swap" or "ephemeral0": what it is made ready for, and its file's name.</param>
public sealed record BlankDiskSpec(string Name, long SizeBytes);

/// <summary>A copy of a server's root disk as it is when the node first works on this, sent to the control plane under the item's id.</summary>
public sealed record SnapshotSpec(string Id, string DomainId);

/// <summary>What a server's power should be. Paused: in memory, standing still. Suspended: its memory is in a file and no process runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PowerTarget>))]
public enum PowerTarget { Running, Shutoff, Paused, Suspended }

/// <summary>The root disk: an overlay over the image with this SHA-256 digest, at least as large as the image.</summary>
/// <param name="ImageFormat">"qcow2" or "raw".</param>
/// <param name="SizeBytes">Virtual size; 0 means the image's own.</param>
/// <param name="Generation">Rises when the disk is to be made anew (rebuild) or as a copy (resize); older ones go.</param>
/// <param name="CopyOf">The generation that this one starts as a copy of, and that is kept while this is set; null: from the image.</param>
public sealed record RootDiskSpec(string ImageDigest, string ImageFormat, long ImageBytes, long SizeBytes, int Generation = 0, int? CopyOf = null);

/// <summary>A network interface of a server, on a port's tap.</summary>
public sealed record NicSpec(string PortId, string Mac, int MtuBytes);

/// <summary>What the guest reads from the config drive and the metadata service; texts are whole documents.</summary>
/// <param name="UserDataBase64">User data as given by the user, base64; null when there is none.</param>
public sealed record GuestDataSpec(
    string MetaDataJson, string NetworkDataJson, string VendorDataJson, string? UserDataBase64, bool ConfigDrive,
    string HostName, string InstanceId, string InstanceType, string ImageId, IReadOnlyList<KeySpec> PublicKeys, IReadOnlyList<string> SecurityGroupNames,
    string AvailabilityZone, int LaunchIndex)
{
    /// <summary>Files beside the documents, in the order in which meta_data.json names them; null: none.</summary>
    public IReadOnlyList<GuestFileSpec>? Files { get; init; }
}

/// <summary>A file that the guest is to have at a path.</summary>
public sealed record GuestFileSpec(string Path, string ContentBase64)
{
    /// <summary>What the file with this index is called beside the documents: "0000".</summary>
    public static string NameOf(int index) => index.ToString("D4", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A public key for the guest's first user.</summary>
public sealed record KeySpec(string Name, string OpenSshKey);

/// <summary>Virtual hardware, from image properties and extra specs.</summary>
/// <param name="DiskBus">"virtio", "scsi" or "ide".</param>
/// <param name="NicModel">"virtio" or "e1000".</param>
/// <param name="Machine">"pc" or "q35".</param>
/// <param name="Rng">True: a virtio RNG device (scs-0101).</param>
public sealed record HardwareSpec(string DiskBus, string NicModel, string Machine, bool Rng)
{
    /// <summary>What happens to a guest that no longer feeds its watchdog: "none", "pause", "poweroff" or "reset"; null: it has none.</summary>
    public string? Watchdog { get; init; }

    /// <summary>QEMU's VGA: "cirrus", "virtio" or "none"; null: the standard one.</summary>
    public string? Video { get; init; }

    /// <summary>The bus of its tablet, which tells where a console's pointer is: "usb" or "virtio"; null: it has none.</summary>
    public string? Tablet { get; init; }

    /// <summary>How the virtual CPUs are arranged; null: a socket each.</summary>
    public TopologySpec? Topology { get; init; }

    /// <summary>One of <see cref="FirmwareKinds"/>; null: BIOS.</summary>
    public string? Firmware { get; init; }

    /// <summary>Its TPM; null: it has none.</summary>
    public TpmSpec? Tpm { get; init; }
}

/// <summary>Firmware that is not the BIOS.</summary>
public static class FirmwareKinds
{
    public const string Uefi = "uefi";

    /// <summary>UEFI that starts only what is signed by whom its variables trust.</summary>
    public const string UefiSecure = "uefi-secure";
}

/// <summary>An emulated TPM.</summary>
/// <param name="Version">"1.2" or "2.0".</param>
/// <param name="Crb">True: the command response buffer interface (2.0 only); false: TIS.</param>
/// <param name="Key">What its state is encrypted with: 32 bytes in hexadecimal digits; "" where it does not matter.</param>
public sealed record TpmSpec(string Version, bool Crb, string Key)
{
    public const string Version2 = "2.0";
}

/// <summary>An arrangement of virtual CPUs.</summary>
public sealed record TopologySpec(int Sockets, int Cores, int Threads);

/// <summary>A one-shot read; the agent posts the bytes to the stream named by the ticket.</summary>
/// <param name="Kind">"console": the tail of the domain's console log. "diagnostics": what the domain uses, as a JSON document.
/// "interrupt": sends the domain a non-maskable interrupt; nothing when it does not run. "uptime": a line about the machine.
/// "move": how far the domain's way to another node is, as a JSON document. "vnc" and "serial": the domain's
/// display or serial line, carried both ways on the stream of the ticket.</param>
/// <param name="BytesMax">At most this many bytes, from the end.</param>
public sealed record NodeRequest(string Ticket, string Kind, string Id, int BytesMax);

/// <summary>The consoles that a domain has.</summary>
public static class ConsoleKinds
{
    /// <summary>The display, by the RFB protocol without authentication.</summary>
    public const string Vnc = "vnc";

    /// <summary>The first serial line, byte by byte.</summary>
    public const string Serial = "serial";
}
