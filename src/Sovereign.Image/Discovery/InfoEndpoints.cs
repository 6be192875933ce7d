using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Image.Images;
using Sovereign.Kernel;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Discovery;

/// <summary>The one store, and what a project uses of its limits.</summary>
internal sealed class InfoEndpoints(KernelServices kernel)
{
    private const long MebiByte = 1 << 20;
    private const string Description = "The data directory of this cloud";

    public void Map(Routes api)
    {
        api.Get("/info/stores", "image:info:show", _ => Stores(Store()));
        api.Get("/info/stores/detail", "image:info:stores-detail", _ => Stores(Detail()));
        api.Get("/info/usage", "image:info:usage", Usage);
    }

    private Task<Answer> Usage(Call call)
    {
        var states = kernel.Database.Read(session => kernel.Quotas.State(session, ImageBooks.Service, call.Access.Caller.ProjectId ?? ""));
        var body = new UsageBody(states.ToDictionary(
            state => state.Name,
            state => state.Name is ImageBooks.Size or ImageBooks.Stage
                ? new UsageView((state.Used + MebiByte - 1) / MebiByte, state.Limit < 0 ? -1 : state.Limit / MebiByte)
                : new UsageView(state.Used, state.Limit)));
        return Task.FromResult(Answer.Json(200, body, ImageJson.Wire.UsageBody));
    }

    private static JsonObject Store() => new() { ["id"] = ImageView.StoreId, ["description"] = Description, ["default"] = "true" };

    private JsonObject Detail()
    {
        var store = Store();
        store["type"] = "file";
        store["weight"] = 0;
        store["properties"] = new JsonObject { ["data_dir"] = Path.Combine(kernel.Settings.DataDirectory, "images", "content"), ["thin_provisioning"] = false };
        return store;
    }

    private static Task<Answer> Stores(JsonObject store) =>
        Task.FromResult(Answer.Bytes(200, Encoding.UTF8.GetBytes(new JsonObject { ["stores"] = new JsonArray(store) }.ToJsonString())));
}

/// <param name="Usage">By resource; sizes in MiB.</param>
internal sealed record UsageBody(IReadOnlyDictionary<string, UsageView> Usage);

/// <param name="Limit">-1: none.</param>
internal sealed record UsageView(long Usage, long Limit);
