using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Types;

/// <summary>Routes of the projects' default types, since 3.62; administrators alone choose them (Block Storage API v3, "Default Volume Types").</summary>
internal sealed class DefaultTypeEndpoints(KernelServices kernel)
{
    private const int Since = 62;

    public void Map(Routes api)
    {
        api.Get("/default-types", "volume:default-types:show", call => Task.FromResult(List(call)));
        api.Get("/default-types/{project}", "volume:default-types:show", call => Task.FromResult(Show(call)));
        api.Put("/default-types/{project}", "volume:default-types:change", Set);
        api.Delete("/default-types/{project}", "volume:default-types:change", Unset);
    }

    private Answer List(Call call) => !call.Version.Has(Since) ? Unknown() : Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("default_types");
        foreach (var row in kernel.Database.Read(DefaultTypeStore.All))
        {
            json.WriteStartObject();
            View(json, row);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private Answer Show(Call call)
    {
        if (!call.Version.Has(Since)) return Unknown();
        var project = call.Route("project");
        return kernel.Database.Read(session => DefaultTypeStore.Find(session, project)) is { } row ? One(row) : Missing(project);
    }

    private async Task<Answer> Set(Call call)
    {
        if (!call.Version.Has(Since)) return Unknown();
        var body = await call.Body(TypeJson.Wire.DefaultTypeBody);
        if (body.Fault is { } malformed) return malformed;
        var (project, wanted) = (call.Route("project"), body.Value.DefaultType.VolumeType);
        if (Reading.TooLong("project_id", project) is { } wrong) return wrong;
        var set = await kernel.Queue.Write<DefaultTypeRow>(
            "volume-default-type.set",
            call.Access.Origin,
            tx =>
            {
                if (TypeStore.ByIdOrName(tx, wanted) is not { } type) return VolumeFaults.Type(wanted);
                var row = new DefaultTypeRow { ProjectId = project, TypeId = type.Id };
                DefaultTypeStore.Set(tx, row);
                tx.Record(DefaultTypeRow.Kind, project, project, Change.Updated, row, TypeJson.Wire.DefaultTypeRow);
                return row;
            },
            call.Stop);
        return Answer.Of(set, One);
    }

    private async Task<Answer> Unset(Call call)
    {
        if (!call.Version.Has(Since)) return Unknown();
        var project = call.Route("project");
        var unset = await kernel.Queue.Write<Done>(
            "volume-default-type.unset",
            call.Access.Origin,
            tx =>
            {
                if (DefaultTypeStore.Find(tx, project) is not { } row) return Missing(project);
                DefaultTypeStore.Delete(tx, project);
                tx.Record(DefaultTypeRow.Kind, project, project, Change.Deleted, row, TypeJson.Wire.DefaultTypeRow);
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(unset, _ => Answer.Empty(204));
    }

    private static Answer One(DefaultTypeRow row) => Render.Object(200, "default_type", json => View(json, row));

    private static void View(Utf8JsonWriter json, DefaultTypeRow row)
    {
        json.WriteString("project_id", row.ProjectId);
        json.WriteString("volume_type_id", row.TypeId);
    }

    private static Fault Unknown() => VolumeFaults.Missing("The resource could not be found.");

    private static Fault Missing(string project) => VolumeFaults.Missing($"Default type for project {project} not found.");
}
