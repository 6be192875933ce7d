using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Messages;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Services;

/// <summary>What lists can be filtered by, which can be read from 3.33 on.</summary>
internal static class FilterEndpoints
{
    private static readonly string[] everywhere = ["metadata", "created_at", "updated_at", "name~", "status~"];

    private static readonly string[] grouped = ["created_at", "updated_at", "name~", "status~"];

    private static readonly (string Resource, string[] Filters)[] all =
    [
        ("volume", [.. Names(VolumeStore.Shape), "glance_metadata", "volume_type", "consumes_quota", .. everywhere]),
        ("snapshot", [.. Names(SnapshotStore.Shape), .. everywhere]),
        ("backup", [.. Names(Backups.BackupRows.Shape), .. everywhere]),
        ("group", [.. Names(Groups.GroupStore.Shape), .. grouped]),
        ("group_snapshot", [.. Names(GroupSnapshots.GroupSnapshotStore.Shape), .. grouped]),
        ("attachment", Names(Attachments.AttachmentStore.Shape)),
        ("message", Names(MessageStore.Shape)),
        ("pool", ["name", "volume_type"]),
        ("volume_type", ["is_public", "extra_specs"]),
    ];

    public static void Map(BothRoutes api) => api.Get("/resource_filters", "volume:filters:list", call =>
    {
        if (!call.Version.Has(33)) return Task.FromResult(Reading.Unrouted(call));
        var asked = call.Query("resource");
        return Task.FromResult(Render.List("resource_filters", all.Where(one => asked is null || one.Resource == asked), (json, one) =>
        {
            json.WriteString("resource", one.Resource);
            json.WriteStartArray("filters");
            foreach (var name in one.Filters) json.WriteStringValue(name);
            json.WriteEndArray();
        }));
    });

    private static string[] Names(ListShape shape) => [.. shape.Columns.Where(column => column.Filterable).Select(column => column.Name)];
}
