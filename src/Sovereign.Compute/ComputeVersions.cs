using Sovereign.Kernel.Wire;

namespace Sovereign.Compute;

/// <summary>The changes of the compute API by microversion, as far as they touch routes that this service has.</summary>
internal static class ComputeVersions
{
    public static readonly MicroversionTable Table = new("compute", 2,
    [
        new(1, "The first version."),
        new(2, "Key pairs have a type; creating one answers 201, deleting one 204."),
        new(3, "Servers show kernel_id, ramdisk_id, hostname, root_device_name, user_data, launch_index and reservation_id to administrators."),
        new(5, "Servers can be listed by ip6 by everybody."),
        new(6, "Remote consoles have a route of their own; their actions are gone."),
        new(7, "Giving a project access to a public flavor is a conflict."),
        new(8, "Remote consoles know the protocol mks."),
        new(9, "Servers show locked and can be listed by it."),
        new(10, "Administrators reach the key pairs of other users by user_id."),
        new(11, "Services show forced_down; force-down sets it."),
        new(13, "Server groups show their project and user."),
        new(15, "Server groups have soft policies."),
        new(16, "Servers show host_status to administrators."),
        new(18, "The project id in the path is optional."),
        new(19, "Servers have a description."),
        new(20, "Volumes can be attached to servers on the shelf, and detached from them."),
        new(21, "The actions of deleted servers can be read."),
        new(26, "Servers have tags and can be listed by them."),
        new(27, "The header OpenStack-API-Version is read."),
        new(28, "The cpu_info of hypervisors is an object."),
        new(31, "Tokens of every kind of console can be looked at."),
        new(32, "The networks of a new server can have a tag."),
        new(33, "Hypervisors are listed in pages."),
        new(35, "Key pairs are listed in pages."),
        new(36, "Quotas and limits of networks are gone, as their proxies are."),
        new(37, "The networks of a new server are required: a list, auto or none; names of networks' ids must be UUIDs."),
        new(38, "Listing servers by an unknown status is refused."),
        new(39, "The limit of image metadata is gone, as are the routes of image metadata."),
        new(40, "Usage is listed in pages."),
        new(41, "Aggregates have a uuid."),
        new(42, "The tags of networks are kept."),
        new(43, "The routes of hosts are gone."),
        new(44, "The actions on addresses of servers are gone."),
        new(46, "Answers carry X-OpenStack-Request-ID."),
        new(47, "Servers embed their flavor."),
        new(48, "The diagnostics of servers have one form for every driver."),
        new(49, "Interfaces can be attached with a tag."),
        new(50, "Quota classes lose the networks' quotas and show those of server groups."),
        new(51, "The events of actions can be read by everybody, without traceback."),
        new(52, "Servers can be made with tags."),
        new(53, "Services and hypervisors have UUIDs; services are changed and deleted by them."),
        new(54, "A rebuild can change the key pair."),
        new(55, "Flavors have a description and can be updated."),
        new(57, "Files can't be injected any more; their quotas and limits are gone; a rebuild can change the user data."),
        new(58, "Actions are listed in pages and have updated_at."),
        new(61, "Flavors show their extra specs."),
        new(62, "Events of actions show host (to administrators) and hostId."),
        new(63, "Servers show trusted_image_certificates."),
        new(64, "Server groups have one policy, and rules."),
        new(66, "Servers and actions can be listed by changes-before."),
        new(67, "Volumes that are made with a server have a type."),
        new(69, "Parts of the cloud that are down don't break lists."),
        new(70, "Interfaces show the tag of their NIC."),
        new(71, "Servers show server_groups."),
        new(73, "Servers can be locked with a reason, show it, and can be listed by locked."),
        new(74, "Administrators can name the host of a new server."),
        new(75, "Unknown query parameters are refused; updates show what shows do; the swap of flavors is a number."),
        new(78, "The topology of servers can be read."),
        new(79, "Attachments of volumes show delete_on_termination, and are made with it."),
        new(83, "More filters of servers are open to everybody."),
        new(84, "Events of actions show details."),
        new(85, "delete_on_termination of an attachment can be changed."),
        new(86, "The extra specs of flavors are validated."),
        new(87, "Servers that boot from a volume can be rescued by an image that keeps the names of their disks."),
        new(88, "Hypervisors lose what placement counts better; uptime is in show."),
        new(89, "Attachments of volumes show attachment_id and bdm_uuid, and no id."),
        new(90, "Servers can be made with a hostname, and show it to everybody."),
        new(92, "Key pairs are imported only; their names may contain @ and dots."),
        new(93, "A rebuild of a server that boots from a volume makes the volume anew."),
        new(94, "The hostname of a server may be a domain name."),
        new(95, "Evacuated servers stay off."),
        new(96, "Servers show pinned_availability_zone."),
        new(98, "Servers show the properties of their image."),
        new(99, "Remote consoles know the type spice-direct; tokens show tls_port."),
        new(100, "Servers show their scheduler hints."),
    ], "X-OpenStack-Nova-API-Version");

    /// <summary>True when the call negotiated 2.minor or later.</summary>
    public static bool Has(this Microversion version, int minor) => version.Minor >= minor;

    /// <summary>A route that the negotiated version does not have answers as if it were not there.</summary>
    public static Answer Unrouted(Call call)
    {
        var body = call.Face.Dialect.Body("The resource could not be found.", 404, call.RequestId);
        return Answer.Bytes(404, body, call.Face.Dialect.ContentType);
    }
}
