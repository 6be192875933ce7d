using System.Text.Json.Nodes;
using Sovereign.Image.Images;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Metadefs;

/// <summary>Metadata definitions (Image API reference, "Metadata Definitions"): operators write them, everybody reads the public ones.</summary>
internal sealed class MetadefService(KernelServices kernel)
{
    private const string Kind = "metadef_namespace";
    private const int DefinitionsMax = 1000;

    /// <summary>The namespace, if this caller may see it.</summary>
    public static Outcome<NamespaceRow> Visible(Session session, AccessGrant access, string name) =>
        MetadefStore.Find(session, name) is { } row && (row.Visibility == "public" || access.Covers(row.Owner))
            ? row
            : new Fault.NotFound(Kind, name) { Message = $"Metadata definition namespace={name} was not found." };

    public Task<Outcome<NamespaceRow>> Create(AccessGrant access, NamespaceWish wish, CancellationToken stop) => kernel.Queue.Write<NamespaceRow>(
        "metadef.create",
        access.Origin,
        tx =>
        {
            var row = wish.Row with { Id = kernel.Ids.Uuid(), CreatedAt = tx.Now, UpdatedAt = tx.Now };
            if (!MetadefStore.Insert(tx, row)) return Taken(row.Namespace);
            foreach (var definition in wish.Definitions)
            {
                if (Insert(tx, row, definition).Fault is { } wrong) return wrong;
            }

            return Recorded(tx, row, Change.Created);
        },
        stop);

    /// <summary>Says the namespace anew; its definitions stay.</summary>
    public Task<Outcome<NamespaceRow>> Update(AccessGrant access, string name, NamespaceWish wish, CancellationToken stop) => Within(access, name, (tx, old) =>
    {
        var row = wish.Row with { Id = old.Id, CreatedAt = old.CreatedAt, UpdatedAt = tx.Now };
        if (row.Namespace != old.Namespace && MetadefStore.Find(tx, row.Namespace) is not null) return Taken(row.Namespace);
        MetadefStore.Update(tx, row);
        return Recorded(tx, row, Change.Updated);
    }, stop);

    public Task<Outcome<NamespaceRow>> Delete(AccessGrant access, string name, CancellationToken stop) => Within(access, name, (tx, row) =>
    {
        if (row.Protected) return new Fault.Forbidden($"Metadata definition namespace {name} is protected and can't be deleted.");
        MetadefStore.Delete(tx, row.Id);
        return Recorded(tx, row, Change.Deleted);
    }, stop);

    /// <summary>Adds definitions; all of them or none.</summary>
    /// <param name="instead">True: in place of those of the kind that are there.</param>
    public Task<Outcome<NamespaceRow>> Add(
        AccessGrant access, string name, DefinitionKind kind, IReadOnlyList<DefinitionWish> wishes, bool instead, CancellationToken stop) =>
        Within(access, name, (tx, row) =>
    {
        if (instead) MetadefStore.Remove(tx, row.Id, kind.Name, null);
        foreach (var wish in wishes)
        {
            if (Insert(tx, row, wish).Fault is { } wrong) return wrong;
        }

        return Recorded(tx, row, Change.Updated);
    }, stop);

    /// <summary>Says one definition anew, under another name too.</summary>
    public Task<Outcome<NamespaceRow>> Replace(AccessGrant access, string name, string definition, DefinitionWish wish, CancellationToken stop) =>
        Within(access, name, (tx, row) =>
    {
        if (MetadefStore.Definition(tx, row.Id, wish.Kind.Name, definition) is not { } old) return Missing(wish.Kind, definition, name);
        MetadefStore.Remove(tx, row.Id, wish.Kind.Name, definition);
        var said = old with { Name = wish.Name, Body = wish.Body, UpdatedAt = tx.Now };
        return MetadefStore.Insert(tx, said) ? Recorded(tx, row, Change.Updated) : Twice(wish, name);
    }, stop);

    /// <summary>Deletes one definition, or with null all of its kind.</summary>
    public Task<Outcome<NamespaceRow>> Remove(AccessGrant access, string name, DefinitionKind kind, string? definition, CancellationToken stop) => Within(
        access,
        name,
        (tx, row) => MetadefStore.Remove(tx, row.Id, kind.Name, definition) == 0 && definition is not null
            ? Missing(kind, definition, name)
            : Recorded(tx, row, Change.Updated),
        stop);

    public static Fault.NotFound Missing(DefinitionKind kind, string definition, string name) => new(kind.Name, definition)
    {
        Message = $"Metadata definition {kind.Name} with name={definition} was not found in namespace={name}.",
    };

    private static Outcome<Done> Insert(Tx tx, NamespaceRow space, DefinitionWish wish)
    {
        if (MetadefStore.Count(tx, space.Id) >= DefinitionsMax) return new Fault.TooLarge($"A namespace has at most {DefinitionsMax} definitions.");
        var row = new DefinitionRow { NamespaceId = space.Id, Kind = wish.Kind.Name, Name = wish.Name, Body = wish.Body, CreatedAt = tx.Now, UpdatedAt = tx.Now };
        return MetadefStore.Insert(tx, row) ? Done.Value : Twice(wish, space.Namespace);
    }

    private static Outcome<NamespaceRow> Recorded(Tx tx, NamespaceRow row, Change change)
    {
        tx.Record(Kind, row.Namespace, row.Owner, change, MetadefViews.Of(row, MetadefStore.Definitions(tx, [row.Id], null)), ImageJson.Wire.JsonObject);
        return row;
    }

    private static Fault.Conflict Taken(string name) => new($"The metadata definition namespace={name} already exists.");

    private static Fault.Conflict Twice(DefinitionWish wish, string name) =>
        new($"A metadata definition {wish.Kind.Name} with name={wish.Name} already exists in namespace={name}.");

    private Task<Outcome<NamespaceRow>> Within(AccessGrant access, string name, Func<Tx, NamespaceRow, Outcome<NamespaceRow>> body, CancellationToken stop) =>
        kernel.Queue.Write<NamespaceRow>("metadef.change", access.Origin, tx => Visible(tx, access, name).Then(row => body(tx, row)), stop);
}
