using System.Text.Json;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Protocols;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.IdentityProviders;

internal sealed class IdentityProviderService(House house)
{
    private const int RemoteIdsMax = 100;
    private const int MinutesMax = 10 * 366 * 24 * 60;

    public static readonly Room<IdentityProviderRow, IdentityProviderView> Room = new(
        "identity_provider", IdentityProviderStore.Shape, IdentityProviderStore.Find, (row, house, _) => IdentityProviderView.From(row, house),
        IdentityProviderJson.Wire.IdentityProviderView, _ => null, (_, _) => { })
    {
        Prefix = "/OS-FEDERATION",
    };

    public Outcome<IdentityProviderRow> Show(string id) => house.Kernel.Database.Read(session => Room.Found(session, id));

    /// <summary>Where the wish names no domain, one is made for the users of the new provider.</summary>
    public Task<Outcome<IdentityProviderRow>> Create(AccessGrant access, string id, IdentityProviderWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<IdentityProviderRow>("identity_provider.create", access.Origin, tx =>
        {
            if (Members.CheckName("id", id, Members.ShortNameMax) is { } bad) return bad;
            var changed = Changed(new IdentityProviderRow { Id = id }, wish);
            if (changed.Fault is { } wrong) return wrong;
            if (wish.DomainId.Value is { } named && (named.Contains('\0', StringComparison.Ordinal) || DomainStore.Find(tx, named) is null))
            {
                return new Fault.Invalid("domain_id", $"There is no domain {named} for the identity provider.");
            }

            var row = changed.Value with { DomainId = wish.DomainId.Value ?? DomainService.Generate(tx, house, "Made for the identity provider " + id).Id };
            if (!IdentityProviderStore.Insert(tx, row)) return new Fault.Conflict($"Conflict occurred attempting to store identity_provider - Duplicate entry: {id}.");
            return IdentityProviderStore.Name(tx, row) is { } taken ? Taken(taken) : Room.Written(tx, house, row, Change.Created);
        }, stop);

    public Task<Outcome<IdentityProviderRow>> Update(AccessGrant access, string id, IdentityProviderWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<IdentityProviderRow>("identity_provider.update", access.Origin, tx =>
        {
            var found = Room.Found(tx, id);
            if (found.Fault is { } missing) return missing;
            if (wish.IsEmpty) return new Fault.Invalid("identity_provider", "Invalid input for field 'identity_provider': it is empty.");
            if (wish.DomainId.Given) return new Fault.Invalid("domain_id", "The domain of an identity provider does not change.");
            var changed = Changed(found.Value, wish);
            if (changed.Fault is { } wrong) return wrong;
            IdentityProviderStore.Update(tx, changed.Value);
            return IdentityProviderStore.Name(tx, changed.Value) is { } taken ? Taken(taken) : Room.Written(tx, house, changed.Value, Change.Updated);
        }, stop);

    /// <summary>Its protocols go with it; its domain stays, with the users in it.</summary>
    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("identity_provider.delete", access.Origin, tx => Room.Found(tx, id).Map(row => Remove(tx, house, row)), stop);

    /// <summary>The domain goes, and with it who vouches for its users.</summary>
    public static void OfDomain(Tx tx, House house, string domainId)
    {
        foreach (var row in IdentityProviderStore.OfDomain(tx, domainId)) Remove(tx, house, row);
    }

    private static Done Remove(Tx tx, House house, IdentityProviderRow row)
    {
        ProtocolService.OfProvider(tx, house, row.Id);
        IdentityProviderStore.Delete(tx, row.Id);
        Room.Record(tx, house, row, Change.Deleted);
        return Done.Value;
    }

    private static Outcome<IdentityProviderRow> Changed(IdentityProviderRow row, IdentityProviderWrite wish)
    {
        if (Members.CheckText("description", wish.Description.Value) is { } bad) return bad;
        if (wish.AuthorizationTtl.Value is < 0 or > MinutesMax)
        {
            return new Fault.Invalid("authorization_ttl", $"Invalid input for field 'authorization_ttl': minutes from 0 to {MinutesMax}.");
        }

        return RemoteIds(row, wish).Map(remoteIds => row with
        {
            Enabled = wish.Enabled ?? row.Enabled,
            Description = wish.Description.Or(row.Description),
            AuthorizationTtl = wish.AuthorizationTtl.Or(row.AuthorizationTtl),
            RemoteIds = remoteIds,
        });
    }

    private static Outcome<string> RemoteIds(IdentityProviderRow row, IdentityProviderWrite wish)
    {
        if (!wish.RemoteIds.Given) return row.RemoteIds;
        var given = wish.RemoteIds.Value ?? [];
        if (given.Count > RemoteIdsMax) return new Fault.Invalid("remote_ids", $"Invalid input for field 'remote_ids': at most {RemoteIdsMax}.");
        foreach (var one in given)
        {
            if (one is null || Members.CheckText("remote_ids", one, Members.NameMax) is not null)
            {
                return new Fault.Invalid("remote_ids", $"Invalid input for field 'remote_ids': texts of at most {Members.NameMax} characters.");
            }
        }

        string[] sorted = [.. given.Select(one => one!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (sorted.Length != given.Count) return new Fault.Invalid("remote_ids", "Invalid input for field 'remote_ids': it has non-unique elements.");
        return JsonSerializer.Serialize(sorted, MembersJson.Default.StringArray);
    }

    private static Fault.Conflict Taken(string remoteId) =>
        new($"Conflict occurred attempting to store identity_provider - Duplicate remote ID: {remoteId}.");
}
