using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Stores;

/// <summary>Routes of secret stores. There is one, the database, in which everything is sealed; a project may say that it prefers it.</summary>
internal sealed class StoreEndpoints(KernelServices kernel)
{
    /// <summary>The same in every cloud: it is no row.</summary>
    private const string StoreId = "5d1b6e3a-4f0c-4c7e-9a52-0d6f3c1e8b70";

    private const string NoPreference = "Not Found. No preferred secret store defined for this project.";

    public void Map(Routes api)
    {
        api.Get("/secret-stores", "key-manager:secret-stores:list", call => Task.FromResult(Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("secret_stores");
            Write(json, call);
            json.WriteEndArray();
            json.WriteEndObject();
        })));
        api.Get("/secret-stores/global-default", "key-manager:secret-stores:show", call => Task.FromResult(Shown(call)));
        api.Get("/secret-stores/preferred", "key-manager:secret-stores:show", call => Task.FromResult(
            kernel.Database.Read(session => Prefers(session, call.Access.ProjectId)) ? Shown(call) : KeyFaults.Missing(NoPreference)));
        api.Get("/secret-stores/{id}", "key-manager:secret-stores:show", call => Task.FromResult(call.Route("id") == StoreId ? Shown(call) : Missing()));
        api.Post("/secret-stores/{id}/preferred", "key-manager:secret-stores:prefer", call => Change(call, (tx, project) =>
        {
            tx.Execute(
                "INSERT INTO key_preferred_stores (project_id, store_id) VALUES (@project, @StoreId) ON CONFLICT (project_id) DO NOTHING", new { project, StoreId });
            return null;
        }));
        api.Delete("/secret-stores/{id}/preferred", "key-manager:secret-stores:prefer", call => Change(call, (tx, project) =>
            tx.Execute("DELETE FROM key_preferred_stores WHERE project_id = @project", new { project }) == 1 ? null : KeyFaults.Missing(NoPreference)));
    }

    private async Task<Answer> Change(Call call, Func<Tx, string, Fault?> change)
    {
        if (call.Route("id") != StoreId) return Missing();
        if (call.Access.Caller.ProjectId is not { } project) return new Fault.Forbidden("A token of the project that prefers the store is needed.");
        var done = await kernel.Queue.Write<Done>("key-store.prefer", call.Origin, tx => change(tx, project) is { } wrong ? wrong : Done.Value, call.Stop);
        return Answer.Of(done, _ => Answer.Empty(204));
    }

    private static bool Prefers(Session session, string project) =>
        session.Scalar<string>("SELECT store_id FROM key_preferred_stores WHERE project_id = @project", new { project }) is not null;

    private static Answer Shown(Call call) => Render.Json(200, json => Write(json, call));

    private static void Write(Utf8JsonWriter json, Call call)
    {
        json.WriteStartObject();
        json.WriteString("name", "Sealed in the database");
        json.WriteString("status", "ACTIVE");
        json.WriteBoolean("global_default", true);
        json.WriteString("created", "2026-01-01T00:00:00");
        json.WriteString("updated", "2026-01-01T00:00:00");
        json.WriteString("secret_store_plugin", "store_crypto");
        json.WriteString("crypto_plugin", "simple_crypto");
        json.WriteString("secret_store_ref", call.Link("/secret-stores/" + StoreId));
        json.WriteEndObject();
    }

    private static Fault.NotFound Missing() => KeyFaults.Missing("Not Found. Secret store not found.");
}
