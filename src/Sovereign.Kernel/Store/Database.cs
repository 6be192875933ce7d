using System.Collections.Concurrent;
using System.Data.Common;

namespace Sovereign.Kernel.Store;

/// <summary>Reading side of the store: a small pool of open connections, each used by one reader at a time.</summary>
public sealed class Database(IEngine engine) : IDisposable
{
    private const int IdleReadersMax = 16;
    private readonly ConcurrentBag<DbConnection> idle = [];
    private volatile bool disposed;

    public IEngine Engine => engine;

    /// <summary>Runs SQL on one connection. On SQLite this completes synchronously, which the simulation relies on.</summary>
    public T Read<T>(Func<Session, T> body)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!idle.TryTake(out var connection)) connection = engine.OpenReader();
        var healthy = false;
        try
        {
            var result = body(new Session(connection));
            healthy = true;
            return result;
        }
        catch (DbException error) when (engine.MachineTrouble(error) is { } trouble)
        {
            throw new StoreUnavailableException(trouble, error);
        }
        finally
        {
            if (healthy && !disposed && idle.Count < IdleReadersMax) idle.Add(connection);
            else connection.Dispose();
        }
    }

    public void Dispose()
    {
        disposed = true;
        while (idle.TryTake(out var connection)) connection.Dispose();
    }
}

/// <summary>The machine under the store fails; the API answers 503 with the message.</summary>
public sealed class StoreUnavailableException : Exception
{
    public StoreUnavailableException()
    {
    }

    public StoreUnavailableException(string message)
        : base(message)
    {
    }

    public StoreUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
