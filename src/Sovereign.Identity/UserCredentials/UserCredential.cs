using System.Security.Cryptography;
using System.Text;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.UserCredentials;

/// <summary>A secret of a user that the cloud must be able to read: signatures and one-time passwords are computed with it. Sealed, never hashed.</summary>
internal sealed record UserCredentialRow : IRow
{
    public const string Ec2 = "ec2";
    public const string Totp = "totp";

    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public string? ProjectId { get; init; }

    public string Type { get; init; } = "";

    /// <summary>Whose key sealed the blob: the domain of the user.</summary>
    public string KeyOwner { get; init; } = "";

    public byte[] Sealed { get; init; } = [];

    /// <summary>The trust of the token that made it: what is signed with it gets no more than that trust gives.</summary>
    public string? TrustId { get; init; }

    /// <summary>The application credential of the token that made it; what is signed with it gets no more than that.</summary>
    public string? ApplicationCredentialId { get; init; }

    /// <summary>The id that the original gives to a key pair: found by the access key alone.</summary>
    public static string IdOfAccess(string access) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(access)));
}

/// <summary>A credential with its opened blob.</summary>
internal sealed record OpenedCredential(UserCredentialRow Row, string Blob);
