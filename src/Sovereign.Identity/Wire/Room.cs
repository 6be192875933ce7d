using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Identity.Model;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Wire;

/// <summary>What every resource's row has.</summary>
internal interface IRow
{
    string Id { get; }
}

/// <summary>What is particular about a resource, said once; routes and services take the rest from here.</summary>
/// <param name="Kind">Its name in envelopes, paths, rules and the journal: "project".</param>
/// <param name="View">A row as the API shows it; true after an update, when the original repeats unknown members in "extra".</param>
/// <param name="Owner">Id of the project or domain whose key seals its document; null: the cloud's.</param>
/// <param name="Put">Puts a changed row into the model.</param>
internal sealed record Room<TRow, TView>(
    string Kind, ListShape Shape, Func<Session, string, TRow?> Find, Func<TRow, House, bool, TView> View, JsonTypeInfo<TView> Type,
    Func<TRow, string?> Owner, Action<IdentityModel, TRow> Put)
    where TRow : class, IRow
{
    /// <summary>Its name in lists and paths: "policies".</summary>
    public string Plural { get; init; } = Kind + "s";

    /// <summary>What is before the plural in paths: "/OS-TRUST"; empty for most.</summary>
    public string Prefix { get; init; } = "";

    public string Path => $"{Prefix}/{Plural}";

    /// <summary>Columns of a list.</summary>
    public string Columns { get; init; } = Shape.Id[..^"id".Length] + "*";

    /// <summary>SQL condition of the rows that a domain's readers list; the domain's id is @value.</summary>
    public string Listed { get; init; } = Shape.Id[..^"id".Length] + "domain_id = @value";

    /// <summary>The row if this caller may reach it; else 404 for who may see everything and 403 for all others.</summary>
    /// <param name="verb">"get", "update".</param>
    public Outcome<TRow> Reached(Session session, AccessGrant access, string verb, string id, Func<TRow, bool> covers) =>
        access.Reached($"identity:{verb}_{Kind}", Kind, id, Find(session, id), covers);

    public Outcome<TRow> Found(Session session, string id) => Find(session, id) is { } row ? row : new Fault.NotFound(Kind, id);

    /// <summary>Everything for who may see it; otherwise what belongs to the domain of the token.</summary>
    public Outcome<Page<TRow>> List(House house, AccessGrant access, ListRequest request) =>
        Page(house, access.Everything ? request : request.Where(Listed, access.Caller.DomainId ?? ""));

    public Outcome<Page<TRow>> Page(House house, ListRequest request) => house.Page<TRow>(request, Columns);

    /// <summary>Tells journal and model of a row that was written.</summary>
    public TRow Written(Tx tx, House house, TRow row, Change change)
    {
        Record(tx, house, row, change);
        tx.Model(house, model => Put(model, row));
        return row;
    }

    public void Record(Tx tx, House house, TRow row, Change change) =>
        tx.Record(Kind, row.Id, Owner(row), change, View(row, house, false), Type);

    /// <summary>{"project": {…}}.</summary>
    /// <param name="updated">True for the answer to an update.</param>
    public Answer One(House house, int status, TRow row, bool updated = false) => Body(status, writer =>
    {
        writer.WritePropertyName(Kind);
        JsonSerializer.Serialize(writer, View(row, house, updated), Type);
    });

    /// <summary>The same with what the call asks for besides.</summary>
    public Answer One(House house, int status, TRow row, Func<TView, TView> extended) => Body(status, writer =>
    {
        writer.WritePropertyName(Kind);
        JsonSerializer.Serialize(writer, extended(View(row, house, false)), Type);
    });

    /// <summary>{"projects": […], "links": {…}}.</summary>
    public Answer Many(House house, IEnumerable<TRow> rows, CollectionLinks links) => Body(200, writer =>
    {
        writer.WriteStartArray(Plural);
        foreach (var row in rows) JsonSerializer.Serialize(writer, View(row, house, false), Type);
        writer.WriteEndArray();
        writer.WriteStartObject("links");
        writer.WriteString("next", links.Next);
        writer.WriteString("self", links.Self);
        writer.WriteString("previous", links.Previous);
        writer.WriteEndObject();
    });

    /// <summary>Reads the list's parameters and answers with a page of it.</summary>
    public Answer Page(House house, Call call, Func<ListRequest, Outcome<Page<TRow>>> read) => Answer.Of(
        ListRequest.Parse(call.Http.Request.Query, Shape).Then(request => read(request).Map(page => (request, page))),
        found => Many(house, found.page.Items, CollectionLinks.Of(call, found.request, found.page, row => row.Id)));

    private Answer Body(int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = Type.Options.Encoder }))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return Answer.Bytes(status, buffer.WrittenMemory);
    }
}
