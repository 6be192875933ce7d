using System.Text.Json;

namespace Sovereign.Compute.Flavors;

/// <summary>The size of a server.</summary>
internal sealed record FlavorRow
{
    public const int IdLengthMax = 255;
    public const int NameLengthMax = 255;
    public const int DescriptionLengthMax = 65_535;

    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public long Vcpus { get; init; }

    public long RamMib { get; init; }

    /// <summary>GiB; 0: as large as the image.</summary>
    public long DiskGib { get; init; }

    public long EphemeralGib { get; init; }

    public long SwapMib { get; init; }

    /// <summary>A decimal number as text, so that both engines keep it alike.</summary>
    public string RxtxFactor { get; init; } = "1.0";

    public bool IsPublic { get; init; }

    public bool Disabled { get; init; }

    public string? Description { get; init; }

    /// <summary>A JSON object of texts.</summary>
    public string ExtraSpecs { get; init; } = "{}";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public SortedDictionary<string, string> Specs => new(JsonSerializer.Deserialize(ExtraSpecs, FlavorJson.Wire.DictionaryStringString)!, StringComparer.Ordinal);

    public FlavorRow WithSpecs(IDictionary<string, string> specs) => this with
    {
        ExtraSpecs = JsonSerializer.Serialize(new Dictionary<string, string>(specs), FlavorJson.Wire.DictionaryStringString),
    };

    public FlavorDocument Document() => new(Id, Name, Vcpus, RamMib, DiskGib, EphemeralGib, SwapMib, IsPublic, Disabled, Description, new(Specs));
}

/// <summary>A flavor as the journal keeps it and as a server remembers the one it was made with.</summary>
internal sealed record FlavorDocument(
    string Id, string Name, long Vcpus, long RamMib, long DiskGib, long EphemeralGib, long SwapMib, bool IsPublic, bool Disabled, string? Description,
    Dictionary<string, string> ExtraSpecs);
