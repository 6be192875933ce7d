using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Consoles;

/// <summary>Permission to open one console of a server, once.</summary>
internal sealed record ConsoleToken
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);
    public const int SecretBytes = 32;

    /// <summary>SHA-256 of the token, hex. The token is random, so a fast hash keeps it.</summary>
    public string Hash { get; init; } = "";

    /// <summary>Names the permission in the journal.</summary>
    public string Id { get; init; } = "";

    public string ServerId { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    /// <summary>What the node opens: "vnc" or "serial".</summary>
    public string Kind { get; init; } = "";

    /// <summary>The API's word: "novnc" or "serial".</summary>
    public string Type { get; init; } = "";

    public long ExpiresAt { get; init; }

    public ConsoleDocument Document() => new(ServerId, UserId, Type, ExpiresAt);

    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}

/// <summary>The permission as the journal keeps it.</summary>
internal sealed record ConsoleDocument(string ServerId, string UserId, string Type, long ExpiresAt);

internal sealed record RemoteConsoleBody(RemoteConsoleAsked RemoteConsole);

internal sealed record RemoteConsoleAsked(string Protocol, string Type);

/// <summary>What the actions before 2.6 are given.</summary>
internal sealed record ConsoleTypeArguments(string Type);

[JsonSerializable(typeof(RemoteConsoleBody))]
[JsonSerializable(typeof(ConsoleTypeArguments))]
[JsonSerializable(typeof(ConsoleDocument))]
internal sealed partial class ConsoleJson : JsonSerializerContext
{
    public static readonly ConsoleJson Wire = new(WireJson.Options());
}

/// <summary>SQL of permissions to open consoles.</summary>
internal static class ConsoleTokenStore
{
    public static ConsoleToken? Find(Session session, string hash) =>
        session.FirstOrDefault<ConsoleToken>("SELECT * FROM compute_console_tokens WHERE hash = @hash", new { hash });

    public static void Insert(Tx tx, ConsoleToken token) => tx.Execute(
        """
        INSERT INTO compute_console_tokens (hash, id, server_id, project_id, user_id, kind, type, expires_at)
        VALUES (@Hash, @Id, @ServerId, @ProjectId, @UserId, @Kind, @Type, @ExpiresAt)
        """,
        token);

    /// <returns>False when another was first.</returns>
    public static bool Take(Tx tx, string hash) => tx.Execute("DELETE FROM compute_console_tokens WHERE hash = @hash", new { hash }) == 1;

    public static void Forget(Tx tx, long before) => tx.Execute("DELETE FROM compute_console_tokens WHERE expires_at < @before", new { before });
}
