using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.UserCredentials;

internal sealed record UserCredentialBody(UserCredentialWrite Credential);

internal sealed record UserCredentialWrite
{
    public string? UserId { get; set; }

    public Optional<string> ProjectId { get; set; }

    public string? Type { get; set; }

    public string? Blob { get; set; }
}

/// <summary>What a blob of type "ec2" holds.</summary>
internal sealed record Ec2Blob
{
    public string? Access { get; set; }

    public string? Secret { get; set; }
}

internal sealed record UserCredentialView(string Id, string UserId, string? ProjectId, string Type, string Blob, SelfLink Links)
{
    public static UserCredentialView From(OpenedCredential opened, House house) => new(
        opened.Row.Id, opened.Row.UserId, opened.Row.ProjectId, opened.Row.Type, opened.Blob, new(house.Link("/credentials/" + opened.Row.Id)));
}

internal sealed record UserCredentialAnswer(UserCredentialView Credential);

internal sealed record UserCredentialList(IReadOnlyList<UserCredentialView> Credentials, CollectionLinks Links);

/// <summary>A credential as the journal has it: without its blob.</summary>
internal sealed record UserCredentialDocument(string Id, string UserId, string? ProjectId, string Type);

internal sealed record Ec2Body(string TenantId);

internal sealed record Ec2View(string Access, string Secret, string UserId, string? TenantId, string? TrustId, SelfLink Links);

internal sealed record Ec2Answer(Ec2View Credential);

internal sealed record Ec2List(IReadOnlyList<Ec2View> Credentials, CollectionLinks Links);

/// <summary>What a service asks about a signed request; under one of three names, as in the original.</summary>
internal sealed record SignedBody
{
    public SignedRequest? Credentials { get; set; }

    public SignedRequest? Credential { get; set; }

    [JsonPropertyName("ec2Credentials")]
    public SignedRequest? Ec2Credentials { get; set; }
}

internal sealed record SignedRequest
{
    public string? Access { get; set; }

    public string? Signature { get; set; }

    /// <summary>The text that was signed, base64 (S3 only).</summary>
    public string? Token { get; set; }

    public string? Host { get; set; }

    public string? Verb { get; set; }

    public string? Path { get; set; }

    public string? BodyHash { get; set; }

    public Dictionary<string, JsonElement>? Params { get; set; }

    public Dictionary<string, JsonElement>? Headers { get; set; }
}

[JsonSerializable(typeof(UserCredentialBody))]
[JsonSerializable(typeof(UserCredentialAnswer))]
[JsonSerializable(typeof(UserCredentialList))]
[JsonSerializable(typeof(UserCredentialDocument))]
[JsonSerializable(typeof(Ec2Blob))]
[JsonSerializable(typeof(Ec2Body))]
[JsonSerializable(typeof(Ec2Answer))]
[JsonSerializable(typeof(Ec2List))]
[JsonSerializable(typeof(SignedBody))]
internal sealed partial class UserCredentialJson : JsonSerializerContext
{
    public static readonly UserCredentialJson Wire = new(WireJson.Options(refuseUnknown: false));
}
