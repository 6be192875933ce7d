namespace Sovereign.Node.Machine;

/// <summary>Moves bytes as they come.</summary>
internal static class Pump
{
    private const int BufferBytes = 32 * 1024;

    /// <summary>Until the source ends; each piece goes on at once.</summary>
    public static async Task Copy(Stream from, Stream to, CancellationToken stop)
    {
        var buffer = new byte[BufferBytes];
        int read;
        while ((read = await from.ReadAsync(buffer, stop).ConfigureAwait(false)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), stop).ConfigureAwait(false);
            await to.FlushAsync(stop).ConfigureAwait(false);
        }
    }
}
