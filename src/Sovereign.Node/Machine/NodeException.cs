namespace Sovereign.Node.Machine;

/// <summary>A step on this machine failed; the message says what happened and what to do, and reaches the operator.</summary>
public sealed class NodeException : Exception
{
    public NodeException(string message) : base(message) { }

    public NodeException(string message, Exception cause) : base(message, cause) { }

    public NodeException() { }
}
