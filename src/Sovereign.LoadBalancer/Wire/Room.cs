using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Trees;

namespace Sovereign.LoadBalancer.Wire;

/// <summary>What is particular about one kind of part, said once; <see cref="RoomRoutes{TWish,TView}"/> does the rest.</summary>
internal abstract class Room<TWish, TView>(
    string kind, string plural, string path, ListShape shape, JsonTypeInfo<TWish> wishes, JsonTypeInfo<TView> views)
    where TWish : PartWish
    where TView : PartView
{
    public string Kind => kind;

    public string Plural => plural;

    /// <summary>"/lbaas/listeners"; a parent's id in it is {parent}.</summary>
    public string Path => path;

    public ListShape Shape => shape;

    public JsonTypeInfo<TWish> Wishes => wishes;

    public JsonTypeInfo<TView> Views => views;

    /// <summary>Kind of the part in the path above it; null: there is none.</summary>
    public virtual string? ParentKind => null;

    /// <summary>How its envelope names it.</summary>
    public virtual string Singular => Kind;

    /// <summary>The part or balancer under which a new one is to be: its kind and id.</summary>
    public abstract Outcome<(string Kind, string Id)> Above(TWish wish, string? parentId);

    /// <summary>Makes one. All that is wrong with the wish is a fault.</summary>
    public abstract Outcome<PartRow> Make(TreeWork work, string aboveId, TWish wish);

    public abstract Outcome<PartRow> Change(TreeWork work, PartRow old, TWish wish);

    /// <summary>Why it can't go now; null: it can.</summary>
    public virtual Fault? Stays(Tree tree, PartRow row) => null;

    /// <summary>Its own members beside those of its spec.</summary>
    protected abstract void Relate(TView view, Tree tree, PartRow row);

    public TView View(Tree tree, PartRow row)
    {
        var view = Spec(row);
        (view.Id, view.Name, view.ProjectId, view.AdminStateUp) = (row.Id, row.Name, row.ProjectId, row.Enabled);
        (view.ProvisioningStatus, view.OperatingStatus) = (row.Provisioning, row.Operating);
        (view.CreatedAt, view.UpdatedAt, view.Tags) = (Times.Of(row.CreatedAt), Times.Of(row.UpdatedAt), Checks.Texts(row.Tags));
        Relate(view, tree, row);
        return view;
    }

    public TView Spec(PartRow row) => JsonSerializer.Deserialize(row.Spec, Views)!;

    public PartRow With(PartRow row, TView spec) => row with { Spec = JsonSerializer.Serialize(spec, Views) };

    /// <summary>A part that the caller may see, with its tree.</summary>
    public Outcome<(Tree Tree, PartRow Row)> Visible(Session session, AccessGrant access, string id, string? parentId) =>
        TreeStore.FindPart(session, Kind, id) is { } row && access.Covers(row.ProjectId) && (ParentKind is null || row.ParentId == parentId)
            ? (TreeStore.Tree(session, row.BalancerId)!, row) : Faults.Missing(Kind, id);
}
