using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Wire;

/// <summary>The body of a creation or an update: {"project": {…}}.</summary>
internal sealed record Envelope<TBody, TWish>(JsonTypeInfo<TBody> Type, Func<TBody, TWish> Open);

/// <summary>The routes that Keystone gives every resource: /projects and /projects/{id}.</summary>
internal sealed class RoomRoutes<TRow, TView>(Routes api, House house, Room<TRow, TView> room)
    where TRow : class, IRow
{
    private readonly string item = room.Path + "/{id}";

    public RoomRoutes<TRow, TView> List(Func<Call, ListRequest, Outcome<Page<TRow>>> read)
    {
        api.Get(room.Path, "identity:list_" + room.Plural, call =>
            Task.FromResult(room.Page(house, call, request => read(call, request))));
        return this;
    }

    public RoomRoutes<TRow, TView> Show(Func<AccessGrant, string, Outcome<TRow>> show)
    {
        api.Get(item, Rule("get"), call =>
            Task.FromResult(Answer.Of(show(call.Access, call.Route("id")), row => room.One(house, 200, row))));
        return this;
    }

    public RoomRoutes<TRow, TView> Create<TBody, TWish>(
        Envelope<TBody, TWish> envelope, Func<AccessGrant, TWish, CancellationToken, Task<Outcome<TRow>>> create)
    {
        api.Post(room.Path, Rule("create"), async call =>
        {
            var body = await call.Body(envelope.Type);
            return body.Fault ?? Answer.Of(
                await create(call.Access, envelope.Open(body.Value), call.Stop), row => room.One(house, 201, row));
        });
        return this;
    }

    /// <summary>A creation under an id that the client chooses.</summary>
    public RoomRoutes<TRow, TView> Put<TBody, TWish>(
        Envelope<TBody, TWish> envelope, Func<AccessGrant, string, TWish, CancellationToken, Task<Outcome<TRow>>> create)
    {
        api.Put(item, Rule("create"), async call =>
        {
            var body = await call.Body(envelope.Type);
            return body.Fault ?? Answer.Of(
                await create(call.Access, call.Route("id"), envelope.Open(body.Value), call.Stop), row => room.One(house, 201, row));
        });
        return this;
    }

    public RoomRoutes<TRow, TView> Update<TBody, TWish>(
        Envelope<TBody, TWish> envelope, Func<AccessGrant, string, TWish, CancellationToken, Task<Outcome<TRow>>> update)
    {
        api.Patch(item, Rule("update"), async call =>
        {
            var body = await call.Body(envelope.Type);
            return body.Fault ?? Answer.Of(
                await update(call.Access, call.Route("id"), envelope.Open(body.Value), call.Stop),
                row => room.One(house, 200, row, updated: true));
        });
        return this;
    }

    public RoomRoutes<TRow, TView> Delete(Func<AccessGrant, string, CancellationToken, Task<Outcome<Done>>> delete)
    {
        api.Delete(item, Rule("delete"), async call =>
            Answer.Of(await delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204)));
        return this;
    }

    private string Rule(string verb) => $"identity:{verb}_{room.Kind}";
}
