using System.Text;
using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Compute.Servers;

/// <summary>Files that a guest finds beside its metadata and puts where they say ("personality" of the API reference, before 2.57).</summary>
internal static class InjectedFiles
{
    /// <summary>What was asked for, if its form is right.</summary>
    /// <returns>Null: nothing was said.</returns>
    public static Outcome<IReadOnlyList<GuestFileSpec>?> Read(JsonElement? asked, Microversion version)
    {
        if (asked is not { ValueKind: not JsonValueKind.Null } files) return Outcome.Of<IReadOnlyList<GuestFileSpec>?>(null);
        if (version.Has(57)) return Wire.Unexpected("personality");
        if (files.ValueKind != JsonValueKind.Array) return Wrong("it is a list");
        var read = new List<GuestFileSpec>();
        foreach (var file in files.EnumerateArray())
        {
            if (file.ValueKind != JsonValueKind.Object) return Wrong("each file is an object");
            if (!file.TryGetProperty("path", out var path) || path.ValueKind != JsonValueKind.String || path.GetString() is not { Length: > 0 } name)
            {
                return Wrong("each file has a path");
            }

            if (!file.TryGetProperty("contents", out var contents) || contents.ValueKind != JsonValueKind.String || !contents.TryGetBytesFromBase64(out var bytes))
            {
                return Wrong($"the contents of {Short(name)} are base64");
            }

            read.Add(new GuestFileSpec(name, Convert.ToBase64String(bytes)));
        }

        return read;
    }

    /// <summary>Null: the project may have them.</summary>
    public static Fault? Over(KernelServices kernel, Session session, string projectId, IReadOnlyList<GuestFileSpec> files)
    {
        bool Exceeds(string name, long wanted) => kernel.Quotas.Limit(session, ComputeQuotas.Service, name, projectId) is >= 0 and var max && wanted > max;
        if (Exceeds("injected_files", files.Count)) return new Fault.Forbidden("Personality file limit exceeded");
        foreach (var file in files)
        {
            if (Exceeds("injected_file_path_bytes", Encoding.UTF8.GetByteCount(file.Path))) return new Fault.Forbidden("Personality file path exceeds maximum length");
            if (Exceeds("injected_file_content_bytes", Convert.FromBase64String(file.ContentBase64).Length))
            {
                return new Fault.Forbidden("Personality file content limit exceeded");
            }
        }

        return null;
    }

    public static string? Text(IReadOnlyList<GuestFileSpec> files) =>
        files.Count == 0 ? null : JsonSerializer.Serialize([.. files], ServerJson.Wire.ListGuestFileSpec);

    public static List<GuestFileSpec> Of(ServerRow row) => row.Files is null ? [] : JsonSerializer.Deserialize(row.Files, ServerJson.Wire.ListGuestFileSpec)!;

    private static Fault.Invalid Wrong(string what) => new("personality", $"Invalid input for field/attribute personality: {what}.");

    private static string Short(string name) => name.Length > 64 ? name[..64] : name;
}
