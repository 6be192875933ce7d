using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sovereign.Identity.Model;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Sources;

namespace Sovereign.Identity.Tokens;

/// <summary>A token with all that it stands for under one version of the model. Immutable; its JSON head is rendered once.</summary>
internal sealed class ResolvedToken(TokenPayload payload, Caller caller, IReadOnlyList<RoleEntry> roles, ProjectEntry? project, IdentityModel model, long version)
{
    private static readonly JsonWriterOptions options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private byte[]? head;

    public TokenPayload Payload { get; } = payload;

    public Caller Caller { get; } = caller;

    public IReadOnlyList<RoleEntry> Roles { get; } = roles;

    /// <summary>The model's version that this was derived under.</summary>
    public long Version { get; } = version;

    public bool HasScope => Payload.Scope != ScopeKind.None;

    /// <summary>The token's object up to and without its closing brace; the catalog follows.</summary>
    public byte[] Head => head ??= Render();

    private byte[] Render()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, options);
        json.WriteStartObject();
        json.WriteStartObject("token");
        Methods(json);
        json.WriteStartObject("user");
        Domain(json, Caller.UserDomainId);
        json.WriteString("id", Caller.UserId);
        json.WriteString("name", Caller.UserName);
        if (model.Users.Find(Caller.UserId) is { PasswordExpiresAt: > 0 } expiring)
        {
            json.WriteString("password_expires_at", Micros.ToMicrosBare(expiring.PasswordExpiresAt));
        }
        else
        {
            json.WriteNull("password_expires_at");
        }

        json.WriteEndObject();
        json.WriteStartArray("audit_ids");
        json.WriteStringValue(Base64Url.EncodeToString(Payload.AuditId));
        if (Payload.ParentAuditId is { } parent) json.WriteStringValue(Base64Url.EncodeToString(parent));
        json.WriteEndArray();
        json.WriteString("expires_at", Micros.ToMicrosZ(Payload.ExpiresAt));
        json.WriteString("issued_at", Micros.ToMicrosZ(Payload.IssuedAt));
        Scope(json);
        Credential(json);
        Trust(json);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private void Methods(Utf8JsonWriter json)
    {
        json.WriteStartArray("methods");
        foreach (var name in MethodNames.Of(Payload.Methods)) json.WriteStringValue(name);
        json.WriteEndArray();
    }

    private void Scope(Utf8JsonWriter json)
    {
        switch (Payload.Scope)
        {
            case ScopeKind.Project:
                json.WriteStartObject("project");
                Domain(json, project!.DomainId);
                json.WriteString("id", project.Id);
                json.WriteString("name", project.Name);
                json.WriteEndObject();
                json.WriteBoolean("is_domain", false);
                break;
            case ScopeKind.Domain:
                json.WriteStartObject("domain");
                json.WriteString("id", Payload.ScopeId);
                json.WriteString("name", model.Domains.Find(Payload.ScopeId)?.Name);
                json.WriteEndObject();
                break;
            case ScopeKind.System:
                json.WriteStartObject("system");
                json.WriteBoolean("all", true);
                json.WriteEndObject();
                break;
            case ScopeKind.None:
                return;
        }

        json.WriteStartArray("roles");
        foreach (var role in Roles)
        {
            json.WriteStartObject();
            json.WriteString("id", role.Id);
            json.WriteString("name", role.Name);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void Credential(Utf8JsonWriter json)
    {
        if (model.Credential(Payload.ApplicationCredentialId) is not { } credential) return;
        json.WriteStartObject("application_credential");
        json.WriteString("id", credential.Id);
        json.WriteString("name", credential.Name);
        json.WriteBoolean("restricted", !credential.Unrestricted);
        if (credential.Rules.Count > 0)
        {
            json.WriteStartArray("access_rules");
            foreach (var rule in credential.Rules)
            {
                json.WriteStartObject();
                json.WriteString("id", rule.Id);
                json.WriteString("service", rule.Service);
                json.WriteString("method", rule.Method);
                json.WriteString("path", rule.Path);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private void Trust(Utf8JsonWriter json)
    {
        if (model.Trust(Payload.TrustId) is not { } trust) return;
        json.WriteStartObject("OS-TRUST:trust");
        json.WriteString("id", trust.Id);
        json.WriteStartObject("trustor_user");
        json.WriteString("id", trust.TrustorId);
        json.WriteEndObject();
        json.WriteStartObject("trustee_user");
        json.WriteString("id", trust.TrusteeId);
        json.WriteEndObject();
        json.WriteBoolean("impersonation", trust.Impersonation);
        json.WriteEndObject();
    }

    private void Domain(Utf8JsonWriter json, string id)
    {
        json.WriteStartObject("domain");
        json.WriteString("id", id);
        json.WriteString("name", model.Domains.Find(id)?.Name);
        json.WriteEndObject();
    }
}
