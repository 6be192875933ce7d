namespace Sovereign.Launcher;

/// <summary>Something about this machine that keeps a command from its goal; the message says what it is and the way out.</summary>
public sealed class LauncherException : Exception
{
    public LauncherException() { }
    public LauncherException(string message) : base(message) { }
    public LauncherException(string message, Exception innerException) : base(message, innerException) { }
}
