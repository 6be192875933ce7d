using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Sovereign.Kernel.Store;

/// <summary>A connection that keeps its prepared statements by their text: for our small statements SQLite spends more on parsing than on running.</summary>
internal sealed class SqliteStatements(string connectionString) : SqliteConnection(connectionString)
{
    /// <summary>Texts kept; lists of parameters make texts that differ in length only, so there is a bound.</summary>
    private const int TextsMax = 400;
    private static readonly ConcurrentDictionary<string, string> prefixed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Stack<SqliteCommand>> idle = new(StringComparer.Ordinal);
    private int kept;

    protected override DbCommand CreateDbCommand() => new KeptCommand(this);

    protected override void Dispose(bool disposing)
    {
        if (disposing) Clear();
        base.Dispose(disposing);
    }

    private SqliteCommand Take(string text)
    {
        if (idle.TryGetValue(text, out var same) && same.TryPop(out var command))
        {
            kept--;
            return command;
        }

        var fresh = CreateCommand();
        fresh.CommandText = text;
        return fresh;
    }

    private void Give(SqliteCommand command)
    {
        command.Parameters.Clear();
        if (kept >= TextsMax) Clear();
        if (!idle.TryGetValue(command.CommandText, out var same)) idle[command.CommandText] = same = new Stack<SqliteCommand>(1);
        same.Push(command);
        kept++;
    }

    private void Clear()
    {
        foreach (var command in idle.Values.SelectMany(same => same)) command.Dispose();
        idle.Clear();
        kept = 0;
    }

    /// <summary>A command as its user sees it; disposing gives the prepared statement back.</summary>
    private sealed class KeptCommand(SqliteStatements owner) : DbCommand
    {
        /// <summary>Holds text and parameters until the command runs: Dapper changes the text (it spells lists out) while it keeps adding parameters.</summary>
        private readonly SqliteCommand wanted = new();
        private SqliteCommand? inner;

        [AllowNull]
        public override string CommandText { get; set; } = "";

        public override int CommandTimeout
        {
            get => wanted.CommandTimeout;
            set => wanted.CommandTimeout = value;
        }

        public override CommandType CommandType { get; set; } = CommandType.Text;

        public override UpdateRowSource UpdatedRowSource { get; set; }

        public override bool DesignTimeVisible { get; set; }

        protected override DbConnection? DbConnection { get; set; } = owner;

        protected override DbTransaction? DbTransaction { get; set; }

        protected override DbParameterCollection DbParameterCollection => wanted.Parameters;

        public override void Cancel() => inner?.Cancel();

        public override void Prepare()
        {
            // Running prepares, and what ran is kept.
        }

        public override int ExecuteNonQuery() => Ready().ExecuteNonQuery();

        public override object? ExecuteScalar() => Ready().ExecuteScalar();

        protected override DbParameter CreateDbParameter() => wanted.CreateParameter();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Ready().ExecuteReader(behavior);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                if (inner is not null) owner.Give(inner);
                inner = null;
                wanted.Dispose();
            }

            base.Dispose(disposing);
        }

        private SqliteCommand Ready()
        {
            if (inner is not null) owner.Give(inner);
            inner = owner.Take(CommandText);
            inner.CommandTimeout = wanted.CommandTimeout;
            foreach (SqliteParameter parameter in wanted.Parameters)
            {
                // With its prefix the name is looked up once in the statement, without it twice.
                if (!parameter.ParameterName.StartsWith('@')) parameter.ParameterName = prefixed.GetOrAdd(parameter.ParameterName, static name => "@" + name);
                inner.Parameters.Add(parameter);
            }

            return inner;
        }
    }
}
