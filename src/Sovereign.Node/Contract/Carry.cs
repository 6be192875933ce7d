namespace Sovereign.Node.Contract;

/// <summary>The disks of a server that is off, sent to the control plane under the item's id, so that another node can take them.</summary>
public sealed record CarrySpec(string Id, string DomainId);

/// <summary>A disk that another node sent: it is fetched once, before the domain is started or said to be off, and not made from the image.</summary>
/// <param name="Carry">Id of the item that it was sent under.</param>
/// <param name="Name">"root", "ephemeral0" or "swap".</param>
/// <param name="Digest">SHA-256 of the bytes as they travel.</param>
public sealed record CarriedDiskSpec(string Carry, string Name, string Digest, long Bytes);
