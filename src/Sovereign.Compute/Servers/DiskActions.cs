using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Compute.Hosts;
using Sovereign.Compute.Servers.Copies;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers;

/// <summary>Actions that copy a server's disk, shelve it or boot it from another, as the one route of actions hands them on.</summary>
internal sealed class DiskActions(SnapshotService copies, RescueService rescue, HostService hosts)
{
    private const int NameLengthMax = 255;

    /// <returns>Null when there is no such action here.</returns>
    public async Task<Answer?> Run(Call call, string id, string name, JsonElement arguments) => name switch
    {
        "createImage" => await Image(call, id, arguments),
        "createBackup" => await Backup(call, id, arguments),
        "rescue" => await Rescue(call, id, arguments),
        "unrescue" => Accepted(await rescue.Unrescue(call.Access, id, call.Stop)),
        "shelve" => Accepted(await copies.Shelve(call.Access, id, call.Stop)),
        "shelveOffload" => call.Access.Everything
            ? Accepted(await copies.Offload(call.Access, id, call.Stop))
            : new Fault.Forbidden("Policy doesn't allow os_compute_api:os-shelve:shelve_offload to be performed."),
        "unshelve" => await Unshelve(call, id, arguments),
        _ => null,
    };

    private static Answer Accepted(Outcome<ServerRow> outcome) => Answer.Of(outcome, _ => Answer.Empty(202));

    private async Task<Answer> Image(Call call, string id, JsonElement arguments)
    {
        var read = Read(arguments, ServerJson.Wire.SnapshotArguments);
        if (read.Fault is { } wrong) return wrong;
        if (WrongName(read.Value.Name) is { } wrongName) return wrongName;
        var order = new SnapshotOrder(read.Value.Name, SnapshotKinds.Snapshot, read.Value.Metadata ?? []);
        return Made(call, await copies.Create(call.Access, id, order, call.Stop));
    }

    private async Task<Answer> Backup(Call call, string id, JsonElement arguments)
    {
        var read = Read(arguments, ServerJson.Wire.BackupArguments);
        if (read.Fault is { } wrong) return wrong;
        var asked = read.Value;
        if (WrongName(asked.Name) is { } wrongName) return wrongName;
        if (asked.BackupType.Length is 0 or > NameLengthMax) return new Fault.Invalid("backup_type", "Invalid input for field/attribute backup_type.");
        if (!int.TryParse(asked.Rotation.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var rotation))
        {
            return new Fault.Invalid("rotation", $"Invalid input for field/attribute rotation. Value: {asked.Rotation}. It is a number that is not negative.");
        }

        var order = new SnapshotOrder(asked.Name, SnapshotKinds.Backup, asked.Metadata ?? [], asked.BackupType, rotation);
        return Made(call, await copies.Create(call.Access, id, order, call.Stop));
    }

    private static Answer Made(Call call, Outcome<string> made) => Answer.Of(made, image => call.Version.Has(45)
        ? Render.Json(202, json =>
        {
            json.WriteStartObject();
            json.WriteString("image_id", image);
            json.WriteEndObject();
        })
        : Answer.Empty(202).With("Location", $"{call.PublicUrl}/image/v2/images/{image}"));

    private async Task<Answer> Rescue(Call call, string id, JsonElement arguments)
    {
        var asked = new RescueArguments();
        if (arguments.ValueKind != JsonValueKind.Null)
        {
            var read = Read(arguments, ServerJson.Wire.RescueArguments);
            if (read.Fault is { } wrong) return wrong;
            asked = read.Value;
        }

        if (asked.AdminPass is { Length: > 255 }) return new Fault.Invalid("adminPass", "adminPass has at most 255 characters.");
        var image = asked.RescueImageRef is { } reference ? Wire.LastPart(reference) : null;
        if (image is not null && !Guid.TryParseExact(image, "D", out _))
        {
            return new Fault.Invalid("rescue_image_ref", "Invalid input for field/attribute rescue_image_ref. It is the UUID of an image.");
        }

        return Answer.Of(await rescue.Rescue(call.Access, id, image, asked.AdminPass, call.Version.Has(87), call.Stop), pass => Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("adminPass", pass);
            json.WriteEndObject();
        }));
    }

    private async Task<Answer> Unshelve(Call call, string id, JsonElement arguments)
    {
        var asked = new UnshelveArguments();
        if (arguments.ValueKind != JsonValueKind.Null && call.Version.Has(77))
        {
            var read = Read(arguments, ServerJson.Wire.UnshelveArguments);
            if (read.Fault is { } wrong) return wrong;
            asked = read.Value;
        }

        if (asked.Host is not null && !call.Version.Has(91)) return Wire.Unexpected("host");
        if (asked.AvailabilityZone is { Given: true, Value: null } && !call.Version.Has(91))
        {
            return new Fault.Invalid("availability_zone", "Invalid input for field/attribute availability_zone. It is the name of a zone.");
        }

        string? node = null;
        if (asked.Host is { } host)
        {
            if (!call.Access.Everything) return new Fault.Forbidden("Policy doesn't allow os_compute_api:os-shelve:unshelve_to_host to be performed.");
            node = hosts.ByName(host)?.Id;
            if (node is null) return new Fault.Invalid("host", $"Compute host {host} could not be found.");
        }

        return Accepted(await copies.Unshelve(call.Access, id, asked.AvailabilityZone, node, call.Stop));
    }

    private static Fault.Invalid? WrongName(string name) => name.Length is 0 or > NameLengthMax || name.Trim() != name || name.Any(char.IsControl)
        ? new Fault.Invalid("name", "Invalid input for field/attribute name. A name has 1 to 255 printable characters, without spaces around it.")
        : null;

    private static Outcome<T> Read<T>(JsonElement arguments, JsonTypeInfo<T> type) => Call.Parse(Encoding.UTF8.GetBytes(arguments.GetRawText()), type);
}
