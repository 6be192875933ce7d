using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Network;

/// <summary>A security group as compute's old routes show it.</summary>
/// <param name="Rules">Only those about incoming packets: the old routes know no others.</param>
public sealed record SecurityGroupInfo(string Id, string ProjectId, string Name, string Description, IReadOnlyList<SecurityRuleInfo> Rules);

/// <summary>A rule about incoming packets.</summary>
/// <param name="Protocol">A name or a number; null for every protocol.</param>
/// <param name="PortMin">A port, or the type of ICMP; null for all.</param>
/// <param name="PortMax">A port, or the code of ICMP; null for all.</param>
/// <param name="Cidr">Where packets come from; null when the group says it.</param>
/// <param name="RemoteGroup">The group whose members packets come from.</param>
public sealed record SecurityRuleInfo(
    string Id, string GroupId, string? Protocol, long? PortMin, long? PortMax, string? Cidr, (string ProjectId, string Name)? RemoteGroup);

/// <summary>Security groups for compute's old routes (Compute API reference, "Security groups (os-security-groups) (DEPRECATED)"). What the caller may not
/// know of is not found; methods with a Tx happen in the caller's transaction.</summary>
public interface ISecurityGroups
{
    /// <summary>A stretch of the project's groups, or of all projects' for those who may see them; the default group is made on first use.</summary>
    Task<IReadOnlyList<SecurityGroupInfo>> List(AccessGrant access, bool everyProject, long offset, long limit, CancellationToken stop);

    /// <summary>One group.</summary>
    Outcome<SecurityGroupInfo> Show(Session session, AccessGrant access, string id);

    /// <summary>Groups by id, those that are there; whoever asks has them on a port.</summary>
    IReadOnlyList<SecurityGroupInfo> Of(Session session, IReadOnlyCollection<string> ids);

    /// <summary>Makes a group with the usual two rules that let everything out. Faults: OverQuota, Conflict for "default".</summary>
    Outcome<SecurityGroupInfo> Create(Tx tx, AccessGrant access, string name, string description);

    /// <summary>Changes what is not null. Faults: NotFound, Conflict for the name of the default group.</summary>
    Outcome<SecurityGroupInfo> Update(Tx tx, AccessGrant access, string id, string? name, string? description);

    /// <summary>Deletes a group. Faults: NotFound, Conflict while ports have it or when it is the default group.</summary>
    Outcome<Done> Delete(Tx tx, AccessGrant access, string id);

    /// <summary>Adds a rule about incoming packets. Faults: NotFound, Conflict when it is there already, Invalid, OverQuota.</summary>
    Outcome<SecurityRuleInfo> AddRule(
        Tx tx, AccessGrant access, string groupId, string? protocol, long? portMin, long? portMax, string? cidr, string? remoteGroupId);

    /// <summary>Takes a rule away. Fault: NotFound.</summary>
    Outcome<Done> RemoveRule(Tx tx, AccessGrant access, string ruleId);
}
