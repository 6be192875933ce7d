using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Containers;
using Sovereign.KeyManager.Secrets;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Acls;

internal sealed record AclBody(AclWish? Read = null);

internal sealed record AclWish(List<string>? Users = null, [property: JsonPropertyName("project-access")] bool? ProjectAccess = null);

/// <summary>An ACL as the journal keeps it.</summary>
internal sealed record AclDocument(string Kind, string TargetId, bool ProjectAccess, List<string> Users);

[JsonSerializable(typeof(AclBody))]
[JsonSerializable(typeof(AclDocument))]
internal sealed partial class AclJson : JsonSerializerContext
{
    public static readonly AclJson Wire = new(WireJson.Options());
}

/// <summary>Routes of the ACLs of secrets and containers. Reading is the one operation that the API has an ACL for.</summary>
internal sealed class AclEndpoints(KernelServices kernel, SecretService secrets)
{
    private const string JournalKind = "key-acl";
    private const int UsersMax = 100;

    public void Map(Routes api)
    {
        foreach (var kind in new[] { Acl.OfSecret, Acl.OfContainer })
        {
            api.Get($"/{kind}s/{{id}}/acl", $"key-manager:{kind}-acls:show", call => Task.FromResult(Show(call, kind)));
            api.Put($"/{kind}s/{{id}}/acl", $"key-manager:{kind}-acls:change", call => Change(call, kind, replacing: true));
            api.Patch($"/{kind}s/{{id}}/acl", $"key-manager:{kind}-acls:change", call => Change(call, kind, replacing: false));
            api.Delete($"/{kind}s/{{id}}/acl", $"key-manager:{kind}-acls:delete", call => Delete(call, kind));
        }
    }

    private Answer Show(Call call, string kind)
    {
        var found = kernel.Database.Read(session =>
            Target(session, call.Access, kind, call.Route("id"), "ACL(s) retrieval").Map(target => new Held(Acl.Find(session, kind, target.Id))));
        return Answer.Of(found, held => Render.Object(200, "read", json =>
        {
            json.WriteBoolean("project-access", held.Acl?.ProjectAccess ?? true);
            if (held.Acl is not { } acl) return;
            json.WriteStartArray("users");
            foreach (var user in acl.Users) json.WriteStringValue(user);
            json.WriteEndArray();
            json.WriteString("created", Written.Time(acl.CreatedAt));
            json.WriteString("updated", Written.Time(acl.UpdatedAt));
        }));
    }

    private async Task<Answer> Change(Call call, string kind, bool replacing)
    {
        var body = await call.Body(AclJson.Wire.AclBody);
        if (body.Fault is { } malformed) return malformed;
        var (wish, id) = (body.Value.Read, call.Route("id"));
        if (wish?.Users is { } users)
        {
            if (users.Count > UsersMax) return KeyFaults.Mismatch("ACL", $"at most {UsersMax} users are in an ACL", "users");
            // Elements of a list may be null whatever their type says.
            if (users.Any(user => user is null)) return KeyFaults.Mismatch("ACL", "None is not of type 'string'", "users");
            if (users.Select(user => KeyFaults.TooLong("ACL", "users", user)).FirstOrDefault(fault => fault is not null) is { } large) return large;
        }

        var done = await kernel.Queue.Write<Done>("key-acl.change", call.Origin, tx => Target(tx, call.Access, kind, id, "ACL(s) Update").Map(target =>
        {
            var old = Acl.Find(tx, kind, id);
            if (wish is null)
            {
                // Replaced by nothing is what it was by default; a patch of nothing changes nothing.
                if (replacing) Forget(tx, kind, target, old);
                return Done.Value;
            }

            var kept = replacing ? null : old;
            var acl = new Acl(wish.ProjectAccess ?? kept?.ProjectAccess ?? true, wish.Users ?? kept?.Users ?? [], old?.CreatedAt ?? tx.Now, tx.Now);
            Acl.Save(tx, kind, id, acl);
            Record(tx, kind, target, acl, old is null ? Kernel.Journal.Change.Created : Kernel.Journal.Change.Updated);
            return Done.Value;
        }), call.Stop);
        return Answer.Of(done, _ => Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("acl_ref", call.Link($"/{kind}s/{id}/acl"));
            json.WriteEndObject();
        }));
    }

    private async Task<Answer> Delete(Call call, string kind) => Answer.Of(
        await kernel.Queue.Write<Done>("key-acl.delete", call.Origin, tx => Target(tx, call.Access, kind, call.Route("id"), "ACL(s) deletion").Map(target =>
        {
            Forget(tx, kind, target, Acl.Find(tx, kind, target.Id));
            return Done.Value;
        }), call.Stop),
        _ => Answer.Empty(200));

    private Outcome<IGuarded> Target(Session session, AccessGrant access, string kind, string id, string what) => kind == Acl.OfSecret
        ? secrets.Find(session, access, id, reading: false, "Secret" + what).Map(row => (IGuarded)row)
        : ContainerService.Find(session, access, id, reading: false, "Container" + what).Map(row => (IGuarded)row);

    private static void Forget(Tx tx, string kind, IGuarded target, Acl? old)
    {
        if (old is null) return;
        Acl.Delete(tx, kind, target.Id);
        Record(tx, kind, target, old, Kernel.Journal.Change.Deleted);
    }

    private static void Record(Tx tx, string kind, IGuarded target, Acl acl, Change change) => tx.Record(
        JournalKind, target.Id, target.ProjectId, change, new AclDocument(kind, target.Id, acl.ProjectAccess, [.. acl.Users]), AclJson.Wire.AclDocument);

    private sealed record Held(Acl? Acl);
}
