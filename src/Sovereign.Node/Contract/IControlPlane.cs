namespace Sovereign.Node.Contract;

/// <summary>The agent's view of the control plane: the only way in which the two speak. Over a Unix socket (HTTP/2, JSON) on one machine; in process in simulation.</summary>
public interface IControlPlane
{
    /// <summary>Registers the node (POST /node/v1/hello). Returns the node's id and the cloud's, the same for the same host name each time.</summary>
    Task<NodeWelcome> Hello(NodeFacts facts, CancellationToken stop);

    /// <summary>Waits for a manifest newer than the given incarnation and version (GET /node/v1/manifest?incarnation=&amp;version=); null when the wait (25 s) passed without one.
    /// An unknown incarnation or version 0 gives the full manifest at once.</summary>
    Task<NodeManifest?> NextManifest(string node, string incarnation, long version, CancellationToken stop);

    /// <summary>Tells what was observed (POST /node/v1/reports).</summary>
    Task Report(NodeReport report, CancellationToken stop);

    /// <summary>Opens the bytes of an image from an offset (GET /node/v1/images/{digest}, Range).</summary>
    /// <exception cref="ControlPlaneAwayException">It can't be reached now.</exception>
    Task<Stream> OpenImage(string digest, long offset, CancellationToken stop);

    /// <summary>Answers a request of the manifest (POST /node/v1/streams/{ticket}).</summary>
    Task Answer(string ticket, Stream content, CancellationToken stop);

    /// <summary>Sends a snapshot's bytes (POST /node/v1/snapshots/{id}); done when they are kept. The same again is fine. What breaks on the way leaves nothing
    /// and is begun again from the start.</summary>
    /// <exception cref="ControlPlaneAwayException">It can't be reached now, or can't take them yet.</exception>
    Task Upload(string snapshot, Stream content, CancellationToken stop);

    /// <summary>Leaves a guest's password with its server (POST /node/v1/domains/{id}/password). False: there is one already, or no such server.</summary>
    /// <exception cref="ControlPlaneAwayException">It can't be reached now.</exception>
    Task<bool> LeavePassword(string domain, string password, CancellationToken stop);

    /// <summary>Sends a disk that goes to another node (POST /node/v1/carries/{id}/{name}); done when it is kept. What breaks on the way is begun again.</summary>
    /// <returns>SHA-256 of what was kept, hex.</returns>
    /// <exception cref="ControlPlaneAwayException">It can't be reached now.</exception>
    Task<string> SendDisk(string carry, string name, Stream content, CancellationToken stop);

    /// <summary>Opens a disk that another node sent, from an offset (GET /node/v1/carries/{id}/{name}, Range).</summary>
    /// <exception cref="ControlPlaneAwayException">It can't be reached now.</exception>
    Task<Stream> OpenDisk(string carry, string name, long offset, CancellationToken stop);

    /// <summary>Sends the bytes of a volume or a snapshot (POST /node/v1/contents/{id}); done when they are kept. What breaks on the way is begun again.</summary>
    /// <returns>SHA-256 of what was kept, hex.</returns>
    /// <exception cref="ControlPlaneAwayException">It can't be reached now, or can't take them yet.</exception>
    Task<string> SendContent(string id, Stream content, CancellationToken stop);

    /// <summary>Opens bytes that were sent under a content item's id, from an offset (GET /node/v1/contents/{id}, Range).</summary>
    /// <exception cref="ControlPlaneAwayException">It can't be reached now.</exception>
    Task<Stream> OpenContent(string id, long offset, CancellationToken stop);

    /// <summary>Carries bytes between a guest's console and whoever asked for it (POST /node/v1/consoles/{ticket}, both ways at once), until either ends.</summary>
    Task Carry(string ticket, Stream console, CancellationToken stop);
}

/// <summary>The control plane can't be reached, or went away in the middle: no fault of the resource, which is tried again and told of nothing.</summary>
public sealed class ControlPlaneAwayException : Exception
{
    public ControlPlaneAwayException() { }

    public ControlPlaneAwayException(string message) : base(message) { }

    public ControlPlaneAwayException(string message, Exception cause) : base(message, cause) { }
}

/// <summary>Ids that the agent works under: its cloud's and its own.</summary>
public sealed record NodeWelcome(string Cloud, string Node);
