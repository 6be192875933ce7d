using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Rbac;
using Sovereign.Network.Tags;

namespace Sovereign.Network.Wire;

/// <summary>What every resource's row has.</summary>
internal interface IRow
{
    string Id { get; }

    string ProjectId { get; }

    /// <summary>Raised by every change.</summary>
    long Revision { get; }
}

/// <summary>Whom a resource is shown to.</summary>
/// <param name="Admin">True: attributes of operators are shown.</param>
/// <param name="ProjectId">"shared" is true for what this project may use; null: for what everyone may.</param>
/// <param name="Dns">False: without DNS attributes.</param>
internal readonly record struct Viewer(bool Admin, string? ProjectId, bool Dns = true)
{
    /// <summary>The journal: as members of no project see it.</summary>
    public static readonly Viewer Nobody = new(false, null);

    public static Viewer Of(AccessGrant access, bool dns) => new(access.Everything, access.Caller.ProjectId, dns);
}

/// <summary>A room, whatever its rows are.</summary>
internal interface IRoom
{
    string Kind { get; }

    string Path { get; }

    /// <summary>Its rows' table.</summary>
    string Table { get; }

    /// <summary>Null when the resource is there and belongs to the caller; else its 404.</summary>
    Fault? NotOwned(Session session, AccessGrant access, string id);
}

/// <summary>What is particular about a resource, said once; routes and services take the rest from here.</summary>
/// <param name="Kind">Its name in envelopes, journal, tags and quotas: "security_group".</param>
/// <param name="Plural">Its name in lists and access rules: "security_groups".</param>
/// <param name="Path">"/v2.0/security-groups".</param>
/// <param name="Views">Rows as the API shows them, all at once.</param>
internal sealed record Room<TRow, TView>(
    string Kind, string Plural, string Path, ListShape Shape, Func<Session, string, TRow?> Find, Func<string, Fault> Missing,
    Func<Session, IReadOnlyList<TRow>, Viewer, List<TView>> Views, JsonTypeInfo<TView> Type) : IRoom
    where TRow : class, IRow
{
    /// <summary>SQL condition of the rows that a project's members list; the project's id is @value.</summary>
    public string Listed { get; init; } = Shape.Id[..^"id".Length] + "project_id = @value";

    /// <summary>The same as conditions that exclude each other, where one with OR would be read whole; empty: <see cref="Listed"/> is enough.</summary>
    public IReadOnlyList<string> ListedApart { get; init; } = [];

    /// <summary>May the caller know of it? Without this it is not found.</summary>
    public Func<Session, AccessGrant, TRow, bool> Sees { get; init; } = Owns;

    /// <summary>May the caller change it? Without this it is forbidden.</summary>
    public Func<Session, AccessGrant, TRow, bool> Changes { get; init; } = Owns;

    /// <summary>Does the project's quota count this row?</summary>
    public Func<TRow, bool> Counted { get; init; } = _ => true;

    /// <summary>Its name in envelopes, where that is not its kind: "policy" of QoS.</summary>
    public string Singular { get; init; } = Kind;

    /// <summary>Its name in lists, where that is not its plural.</summary>
    public string Collection { get; init; } = Plural;

    /// <summary>True: RBAC policies may name its rows.</summary>
    public bool Shared { get; private init; }

    public string Table { get; } = Shape.From.Split(' ')[0];

    public Outcome<TRow> Visible(Session session, AccessGrant access, string id) =>
        Find(session, id) is { } row && Sees(session, access, row) ? row : Missing(id);

    /// <summary>The row when it is the caller's to change: 404 for what it may not know, 403 for what it only sees.</summary>
    /// <param name="rule">Neutron's name of what is done: "update_network".</param>
    public Outcome<TRow> Owned(Session session, AccessGrant access, string id, string rule) =>
        Visible(session, access, id).Then<TRow>(row => Changes(session, access, row) ? row : NetworkFaults.NotAuthorized(rule));

    public Fault? NotOwned(Session session, AccessGrant access, string id) =>
        Find(session, id) is { } row && Owns(session, access, row) ? null : Missing(id);

    /// <summary>The same room whose rows other projects list and see as RBAC policies say.</summary>
    public Room<TRow, TView> Shareable() => this with
    {
        Listed = $"{Listed} OR {Shape.Id} IN (SELECT object_id FROM rbac_policies WHERE object_type = '{Kind}' AND target IN ('*', @value))",
        Sees = (session, access, row) => Owns(session, access, row) || RbacPolicyStore.AnyFor(session, Kind, row.Id, access.Caller.ProjectId),
        Shared = true,
    };

    public TView View(Session session, TRow row, Viewer viewer) => Views(session, [row], viewer)[0];

    /// <summary>Takes from the project's quota; a fault when it is used up.</summary>
    public Fault? Take(Tx tx, KernelServices kernel, string projectId, long amount = 1) =>
        kernel.Quotas.Take(tx, NetworkModule.Service, Kind, projectId, amount).Ok ? null : NetworkFaults.OverQuota(Kind);

    /// <summary>Counts what the cloud itself makes in a project, whatever the limit.</summary>
    public void Book(Tx tx, KernelServices kernel, TRow row)
    {
        if (Counted(row)) kernel.Quotas.Book(tx, NetworkModule.Service, Kind, row.ProjectId, 1);
    }

    public void Record(Tx tx, TRow row, Change change) =>
        tx.Record(Kind, row.Id, row.ProjectId.Length > 0 ? row.ProjectId : null, change, View(tx, row, Viewer.Nobody), Type);

    /// <summary>Takes the row away with its tags and its quota; the journal keeps what it was.</summary>
    public void Remove(Tx tx, KernelServices kernel, TRow row, Action<Tx, string> delete)
    {
        var last = View(tx, row, Viewer.Nobody);
        delete(tx, row.Id);
        TagStore.RemoveAll(tx, Kind, row.Id);
        if (Shared) RbacPolicyService.RemoveAll(tx, kernel, Kind, row.Id);
        if (Counted(row)) kernel.Quotas.Give(tx, NetworkModule.Service, Kind, row.ProjectId, 1);
        tx.Record(Kind, row.Id, row.ProjectId.Length > 0 ? row.ProjectId : null, Change.Deleted, last, Type);
    }

    private static bool Owns(Session session, AccessGrant access, TRow row) => access.Covers(row.ProjectId);
}
