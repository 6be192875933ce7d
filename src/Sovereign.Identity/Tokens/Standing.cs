using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sovereign.Identity.Model;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Sources;

namespace Sovereign.Identity.Tokens;

/// <summary>What tells one standing from another.</summary>
internal sealed record StandingKey(string UserId, ScopeKind Scope, string? ScopeId, string? CredentialId, string? TrustId, string? AccessTokenId);

/// <summary>What all tokens of one user on one scope share under one version of the model. Immutable; its JSON is rendered once.</summary>
/// <param name="version">The model's version that this was derived under.</param>
internal sealed class Standing(StandingKey key, Caller caller, IReadOnlyList<RoleEntry> roles, ProjectEntry? project, IdentityModel model, long version)
{
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private byte[]? text;

    public Caller Caller { get; } = caller;

    public IReadOnlyList<RoleEntry> Roles { get; } = roles;

    public long Version { get; } = version;

    /// <summary>Members of a token's object, each after a comma: user, scope, roles, credential, trust.</summary>
    public byte[] Text => text ??= Render();

    private byte[] Render()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
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
        Scope(json);
        Credential(json);
        Trust(json);
        Access(json);
        json.Flush();
        var members = buffer.WrittenSpan.ToArray();
        members[0] = (byte)',';
        return members;
    }

    private void Scope(Utf8JsonWriter json)
    {
        switch (key.Scope)
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
                json.WriteString("id", key.ScopeId);
                json.WriteString("name", model.Domains.Find(key.ScopeId)?.Name);
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
        if (model.Credential(key.CredentialId) is not { } credential) return;
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
        if (model.Trust(key.TrustId) is not { } trust) return;
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

    private void Access(Utf8JsonWriter json)
    {
        if (model.Access(key.AccessTokenId) is not { } access) return;
        json.WriteStartObject("OS-OAUTH1");
        json.WriteString("access_token_id", access.Id);
        json.WriteString("consumer_id", access.ConsumerId);
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
