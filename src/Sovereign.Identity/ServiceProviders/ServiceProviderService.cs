using System.Text.RegularExpressions;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.ServiceProviders;

internal sealed partial class ServiceProviderService(House house)
{
    private const int UrlMax = 225;
    private const int PrefixMax = 256;

    public static readonly Room<ServiceProviderRow, ServiceProviderView> Room = new(
        "service_provider", ServiceProviderStore.Shape, ServiceProviderStore.Find, (row, house, _) => ServiceProviderView.From(row, house),
        ServiceProviderJson.Wire.ServiceProviderView, _ => null, (model, row) => model.SetProviders(known => known.With(row)))
    {
        Prefix = "/OS-FEDERATION",
    };

    public Outcome<ServiceProviderRow> Show(string id) => house.Kernel.Database.Read(session => Room.Found(session, id));

    public Task<Outcome<ServiceProviderRow>> Create(AccessGrant access, string id, ServiceProviderWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ServiceProviderRow>("service_provider.create", access.Origin, tx =>
        {
            if (Members.CheckName("id", id, Members.ShortNameMax) is { } bad) return bad;
            return Changed(new ServiceProviderRow { Id = id }, wish).Then<ServiceProviderRow>(row => ServiceProviderStore.Insert(tx, row)
                ? Room.Written(tx, house, row, Change.Created)
                : new Fault.Conflict($"Conflict occurred attempting to store service_provider - Duplicate entry: {id}."));
        }, stop);

    public Task<Outcome<ServiceProviderRow>> Update(AccessGrant access, string id, ServiceProviderWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ServiceProviderRow>("service_provider.update", access.Origin, tx =>
        {
            var found = Room.Found(tx, id);
            if (found.Fault is { } missing) return missing;
            if (wish.IsEmpty) return new Fault.Invalid("service_provider", "Invalid input for field 'service_provider': it is empty.");
            return Changed(found.Value, wish).Map(row =>
            {
                ServiceProviderStore.Update(tx, row);
                return Room.Written(tx, house, row, Change.Updated);
            });
        }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("service_provider.delete", access.Origin, tx => Room.Found(tx, id).Map(row =>
        {
            ServiceProviderStore.Delete(tx, id);
            Room.Record(tx, house, row, Change.Deleted);
            tx.Model(house, model => model.SetProviders(known => known.Without(id)));
            return Done.Value;
        }), stop);

    private static Outcome<ServiceProviderRow> Changed(ServiceProviderRow row, ServiceProviderWrite wish)
    {
        var (authUrl, spUrl) = (wish.AuthUrl ?? row.AuthUrl, wish.SpUrl ?? row.SpUrl);
        var bad = CheckUrl("auth_url", authUrl) ?? CheckUrl("sp_url", spUrl) ?? Members.CheckText("description", wish.Description.Value)
            ?? Members.CheckText("relay_state_prefix", wish.RelayStatePrefix.Value, PrefixMax);
        if (bad is not null) return bad;
        return row with
        {
            Enabled = wish.Enabled ?? row.Enabled,
            Description = wish.Description.Or(row.Description),
            AuthUrl = authUrl,
            SpUrl = spUrl,
            RelayStatePrefix = wish.RelayStatePrefix.Or(row.RelayStatePrefix),
        };
    }

    private static Fault? CheckUrl(string field, string url)
    {
        if (url.Length == 0) return new Fault.Invalid(field, $"'{field}' is a required property");
        if (Members.CheckText(field, url, UrlMax) is { } bad) return bad;
        return Url().IsMatch(url) ? null : new Fault.Invalid(field, $"Invalid input for field '{field}': a URL is expected.");
    }

    [GeneratedRegex("^[a-zA-Z0-9+.-]+:.+")]
    private static partial Regex Url();
}
