using System.Text.Json;

namespace Sovereign.Volume.Types;

/// <summary>A kind of volumes: where they are, how fast, encrypted or not.</summary>
internal sealed record TypeRow
{
    public const string Kind = "volume-type";

    /// <summary>Name of the type that volumes have whose order names none.</summary>
    public const string DefaultName = "__DEFAULT__";

    public const string MultiattachSpec = "multiattach";
    public const string True = "<is> True";

    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public bool IsPublic { get; init; }

    /// <summary>A JSON object of texts.</summary>
    public string ExtraSpecs { get; init; } = "{}";

    public string? QosId { get; init; }

    /// <summary>Id of its encryption specs; null: its volumes are plain.</summary>
    public string? EncryptionId { get; init; }

    public string? Provider { get; init; }

    public string? Cipher { get; init; }

    public long? KeySize { get; init; }

    public string? ControlLocation { get; init; }

    public long EncryptionAt { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public bool Encrypted => EncryptionId is not null;

    public bool Multiattach => Specs().GetValueOrDefault(MultiattachSpec) == True;

    public Dictionary<string, string> Specs() => VolumeJson.Texts(ExtraSpecs);

    public TypeDocument Document() => new(Id, Name, Description, IsPublic, Specs(), QosId, EncryptionId, Provider, Cipher, KeySize, ControlLocation);
}

/// <summary>A type as the journal keeps it.</summary>
internal sealed record TypeDocument(
    string Id, string Name, string? Description, bool IsPublic, Dictionary<string, string> ExtraSpecs, string? QosId, string? EncryptionId, string? Provider,
    string? Cipher, long? KeySize, string? ControlLocation);
