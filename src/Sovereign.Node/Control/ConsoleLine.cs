namespace Sovereign.Node.Control;

/// <summary>A console of a guest, open both ways; disposing it hangs up.</summary>
public sealed class ConsoleLine(Stream fromGuest, Stream toGuest) : IDisposable
{
    private readonly TaskCompletionSource hungUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the guest's console says; it ends when the guest stops or its node goes.</summary>
    public Stream FromGuest { get; } = fromGuest;

    /// <summary>What is typed.</summary>
    public Stream ToGuest { get; } = toGuest;

    internal Task HungUp => hungUp.Task;

    public void Dispose() => hungUp.TrySetResult();
}
