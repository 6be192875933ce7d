using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Wire;

internal sealed record SelfLink(string Self);

/// <summary>Links of a collection: where it came from and, when a page is not the last, where it goes on.</summary>
internal sealed record CollectionLinks(string? Next, string Self, string? Previous)
{
    public static CollectionLinks Of(Call call) => new(null, Self1(call), null);

    public static CollectionLinks Of<T>(Call call, ListRequest request, Page<T> page, Func<T, string> id) =>
        new(PageLinks.Next(call, request, page, id), Self1(call), null);

    private static string Self1(Call call) => call.PublicUrl + call.Http.Request.Path + call.Http.Request.QueryString;
}
