using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Sovereign.Identity.Model;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Sources;

namespace Sovereign.Identity.Tokens;

/// <summary>A token with all that it stands for under one version of the model. Immutable; its JSON is rendered once.</summary>
internal sealed class ResolvedToken(TokenPayload payload, Standing standing)
{
    private const int OwnBytes = 256;
    private byte[]? own;

    public TokenPayload Payload { get; } = payload;

    public Caller Caller { get; } = standing.Caller with { ExpiresAt = payload.ExpiresAt, Methods = payload.Methods };

    public IReadOnlyList<RoleEntry> Roles => standing.Roles;

    /// <summary>The model's version that this was derived under.</summary>
    public long Version => standing.Version;

    public bool HasScope => Payload.Scope != ScopeKind.None;

    /// <summary>The beginning of the token's object: what is this token's alone. <see cref="Shared"/> follows.</summary>
    public byte[] Own => own ??= Render();

    /// <summary>The rest of the token's object without its closing brace; the catalog follows.</summary>
    public byte[] Shared => standing.Text;

    private byte[] Render()
    {
        var buffer = new ArrayBufferWriter<byte>(OwnBytes);
        using var json = new Utf8JsonWriter(buffer, Standing.Options);
        json.WriteStartObject();
        json.WriteStartObject("token");
        json.WriteStartArray("methods");
        foreach (var name in MethodNames.Of(Payload.Methods)) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteStartArray("audit_ids");
        json.WriteStringValue(Base64Url.EncodeToString(Payload.AuditId));
        if (Payload.ParentAuditId is { } parent) json.WriteStringValue(Base64Url.EncodeToString(parent));
        json.WriteEndArray();
        json.WriteString("expires_at", Micros.ToMicrosZ(Payload.ExpiresAt));
        json.WriteString("issued_at", Micros.ToMicrosZ(Payload.IssuedAt));
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
