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
        private SqliteCommand? inner;

        [AllowNull]
        public override string CommandText
        {
            get => inner?.CommandText ?? "";
            set
            {
                var before = inner;
                inner = owner.Take(value ?? "");
                if (before is null) return;

                // Dapper spells lists out in the text after it has added their parameters.
                foreach (SqliteParameter parameter in before.Parameters) inner.Parameters.Add(parameter);
                owner.Give(before);
            }
        }

        public override int CommandTimeout
        {
            get => Inner.CommandTimeout;
            set => Inner.CommandTimeout = value;
        }

        public override CommandType CommandType { get; set; } = CommandType.Text;

        public override UpdateRowSource UpdatedRowSource { get; set; }

        public override bool DesignTimeVisible { get; set; }

        protected override DbConnection? DbConnection { get; set; } = owner;

        protected override DbTransaction? DbTransaction { get; set; }

        protected override DbParameterCollection DbParameterCollection => Inner.Parameters;

        private SqliteCommand Inner => inner ?? throw new InvalidOperationException("A command's text is set first.");

        public override void Cancel() => Inner.Cancel();

        public override void Prepare() => Inner.Prepare();

        public override int ExecuteNonQuery() => Inner.ExecuteNonQuery();

        public override object? ExecuteScalar() => Inner.ExecuteScalar();

        protected override DbParameter CreateDbParameter() => Inner.CreateParameter();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Inner.ExecuteReader(behavior);

        protected override void Dispose(bool disposing)
        {
            if (disposing && inner is not null) owner.Give(inner);
            inner = null;
            base.Dispose(disposing);
        }
    }
}
