namespace Sovereign.Kernel.Store;

/// <summary>Named instants at which a crash walk kills the process: before and after every commit and every effect outside the database.
/// In production nothing happens there.</summary>
public interface ICrashPoints
{
    void Reach(string point);
}

/// <summary>Production: nothing happens at any point.</summary>
public sealed class NoCrashPoints : ICrashPoints
{
    public void Reach(string point)
    {
        // Production passes by.
    }
}
