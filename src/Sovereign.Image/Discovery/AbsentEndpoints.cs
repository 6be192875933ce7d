using Sovereign.Image.Images;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Discovery;

/// <summary>Routes of the original for what a cloud may be without, as this one is: a cache, locations, a second store. They say so.</summary>
internal sealed class AbsentEndpoints(KernelServices kernel)
{
    public void Map(Routes api)
    {
        api.Get("/cache", "image:cache:list", NoCache);
        api.Delete("/cache", "image:cache:change", NoCache);
        api.Put("/cache/{id}", "image:cache:change", NoCache);
        api.Delete("/cache/{id}", "image:cache:change", NoCache);
        api.Get("/images/{id}/locations", "image:locations:list", NoLocations);
        api.Post("/images/{id}/locations", "image:locations:create", NoLocations);
        api.Delete("/stores/{store}/{id}", "image:stores:delete", OnlyStore);
    }

    private static Task<Answer> NoCache(Call call) =>
        Task.FromResult<Answer>(new Fault.NotFound("cache", "") { Message = "Caching via API is not supported at this site." });

    private static Task<Answer> NoLocations(Call call) =>
        Task.FromResult<Answer>(new Fault.Forbidden("It's not allowed to see or change locations: they are invisible here."));

    private Task<Answer> OnlyStore(Call call)
    {
        var store = call.Route("store");
        if (store != ImageView.StoreId) return Task.FromResult<Answer>(new Fault.NotFound("store", store) { Message = $"The store '{store}' is not known here." });
        var found = kernel.Database.Read(session => ImageLookup.Owned(session, call.Access, call.Route("id"), "delete locations of"));
        return Task.FromResult(Answer.Of(found, image => new Fault.Forbidden($"Image {image.Id} is in this store only: delete the image instead.")));
    }
}
