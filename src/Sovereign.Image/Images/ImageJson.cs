using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sovereign.Image.Discovery;
using Sovereign.Image.Imports;
using Sovereign.Image.Members;
using Sovereign.Image.Tasks;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Images;

/// <summary>An image on the wire; its own properties are members beside the known ones.</summary>
internal sealed record ImageView
{
    /// <summary>The one store there is: the data directory.</summary>
    public const string StoreId = "local";

    /// <summary>Has a setter because the serializer takes none for it that is init-only.</summary>
    [JsonExtensionData]
    public Dictionary<string, object>? Properties { get; set; }

    public required string? Name { get; init; }

    public required string? DiskFormat { get; init; }

    public required string? ContainerFormat { get; init; }

    public required string Visibility { get; init; }

    public required long? Size { get; init; }

    public required long? VirtualSize { get; init; }

    public required string Status { get; init; }

    public required string? Checksum { get; init; }

    public required bool Protected { get; init; }

    public required long MinRam { get; init; }

    public required long MinDisk { get; init; }

    public required string Owner { get; init; }

    public required bool OsHidden { get; init; }

    public required string? OsHashAlgo { get; init; }

    public required string? OsHashValue { get; init; }

    public required string Id { get; init; }

    public required string CreatedAt { get; init; }

    public required string UpdatedAt { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required string Self { get; init; }

    public required string File { get; init; }

    public required string Schema { get; init; }

    public static ImageView From(ImageWhole image)
    {
        var row = image.Row;
        return new ImageView
        {
            Properties = image.Properties.Count == 0 ? null : image.Properties.ToDictionary(p => p.Key, object (p) => p.Value),
            Name = row.Name, DiskFormat = row.DiskFormat, ContainerFormat = row.ContainerFormat, Visibility = row.Visibility, Size = row.Size,
            VirtualSize = row.VirtualSize, Status = row.Status, Checksum = row.Checksum, Protected = row.Protected, MinRam = row.MinRam, MinDisk = row.MinDisk,
            Owner = row.Owner, OsHidden = row.OsHidden, OsHashAlgo = row.OsHashValue is null ? null : "sha512", OsHashValue = row.OsHashValue, Id = row.Id,
            CreatedAt = Micros.ToSecondsZ(row.CreatedAt), UpdatedAt = Micros.ToSecondsZ(row.UpdatedAt), Tags = image.Tags, Self = "/v2/images/" + row.Id,
            File = $"/v2/images/{row.Id}/file", Schema = "/v2/schemas/image",
        };
    }
}

internal sealed record ImageList(
    IReadOnlyList<ImageView> Images, string First, string Schema, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Next);

[JsonSerializable(typeof(ImageView))]
[JsonSerializable(typeof(ImageList))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(List<JsonElement>))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(MemberView))]
[JsonSerializable(typeof(MemberList))]
[JsonSerializable(typeof(MemberCreate))]
[JsonSerializable(typeof(MemberUpdate))]
[JsonSerializable(typeof(TaskView))]
[JsonSerializable(typeof(TaskList))]
[JsonSerializable(typeof(ImageTasks))]
[JsonSerializable(typeof(ImportBody))]
[JsonSerializable(typeof(ImportInfo))]
[JsonSerializable(typeof(UsageBody))]
internal sealed partial class ImageJson : JsonSerializerContext
{
    public static readonly ImageJson Wire = new(WireJson.Options(refuseUnknown: false));
}
