using Sovereign.Identity.Model;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Wire;

/// <summary>What every room of this service works with.</summary>
internal sealed record House(KernelServices Kernel, IdentityModel Model)
{
    /// <summary>Largest page of a list: clients of the original expect whole lists, so it is large.</summary>
    public const int PageItemsMax = 10_000;

    /// <summary>The collection's and a resource's link: "http://…/identity/v3/users/1".</summary>
    public string Link(string path) => Kernel.Settings.PublicUrl + IdentityModule.Prefix + path;

    public Outcome<Page<T>> Page<T>(ListRequest request, string select = "*") => Kernel.Database.Read(session => ListSql.Page<T>(session, request, select));
}

internal static class TxModel
{
    /// <summary>Changes the model after the commit, before the request is answered.</summary>
    public static void Model(this Tx tx, House house, Action<IdentityModel> change)
    {
        if (house.Kernel.Database.Engine.Shared) tx.Execute("UPDATE identity_model SET version = version + 1 WHERE id = 1");
        tx.AfterCommit(() => house.Model.Apply(change));
    }
}
