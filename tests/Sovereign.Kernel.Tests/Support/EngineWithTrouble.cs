using System.Data.Common;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Tests.Support;

/// <summary>A real engine on a machine that misbehaves as told.</summary>
internal sealed class EngineWithTrouble(IEngine inner) : IEngine
{
    private DbConnection? writer;

    /// <summary>SQL that every new writer connection runs first.</summary>
    public string? OnWriter { get; set; }

    /// <summary>Errors that count as passing besides the engine's own.</summary>
    public Func<DbException, bool> Transient { get; init; } = _ => false;

    public string Name => inner.Name;

    public string BeginWrite => inner.BeginWrite;

    public string BytesType => inner.BytesType;

    public (string Lock, string Unlock)? MigrationLock => inner.MigrationLock;

    public DbConnection OpenReader() => inner.OpenReader();

    public DbConnection OpenWriter()
    {
        writer = inner.OpenWriter();
        Run(OnWriter);
        return writer;
    }

    /// <summary>Runs the writer's first SQL on the connection that is open now.</summary>
    public void Squeeze() => Run(OnWriter);

    public bool IsTransient(DbException error) => inner.IsTransient(error) || Transient(error);

    public string? MachineTrouble(DbException error) => inner.MachineTrouble(error);

    public void Dispose() => inner.Dispose();

    private void Run(string? sql)
    {
        if (sql is null) return;
        using var command = writer!.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
