using System.Text;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Servers;

/// <summary>The password that a guest leaves for its owner, mostly encrypted with the owner's key (Compute API reference, "Servers password").</summary>
internal sealed class GuestPasswords(KernelServices kernel, ServerService servers)
{
    /// <summary>Keeps it, once: a second one is a conflict until the first is cleared.</summary>
    public Task<Outcome<Done>> Leave(string serverId, string password, CancellationToken stop) => kernel.Queue.Write<Done>(
        "server.password",
        Origin.System,
        tx =>
        {
            if (ServerStore.Find(tx, serverId) is not { Deleting: false } row) return new Fault.NotFound("Instance", serverId);
            if (row.GuestPassword is not null) return new Fault.Conflict($"Instance {serverId} has a password already.");
            var kept = row with { GuestPassword = kernel.Keys.Seal(tx, row.ProjectId, Encoding.UTF8.GetBytes(password), row.Id) };
            return ServerStore.Update(tx, kept) ? Done.Value : new Fault.Conflict($"Instance {serverId} was changed at the same time.");
        },
        stop);

    /// <summary>What was left; "" for nothing.</summary>
    public string Read(ServerRow row) => row.GuestPassword is { } sealedText
        && kernel.Database.Read(session => kernel.Keys.Open(session, row.ProjectId, sealedText, row.Id)) is { } plain ? Encoding.UTF8.GetString(plain) : "";

    public Task<Outcome<ServerRow>> Clear(AccessGrant access, string id, CancellationToken stop) =>
        servers.Change(access, id, null, (_, row) => row with { GuestPassword = null }, stop);
}
