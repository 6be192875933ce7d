using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.ServiceProviders;

internal sealed record ServiceProviderBody(ServiceProviderWrite ServiceProvider);

internal sealed record ServiceProviderWrite
{
    public bool? Enabled { get; set; }

    public Optional<string> Description { get; set; }

    public string? AuthUrl { get; set; }

    public string? SpUrl { get; set; }

    public Optional<string> RelayStatePrefix { get; set; }

    public bool IsEmpty => Enabled is null && AuthUrl is null && SpUrl is null && !Description.Given && !RelayStatePrefix.Given;
}

internal sealed record ServiceProviderView(
    string Id, bool Enabled, string? Description, string AuthUrl, string SpUrl, string? RelayStatePrefix, SelfLink Links)
{
    public static ServiceProviderView From(ServiceProviderRow row, House house) => new(
        row.Id, row.Enabled, row.Description, row.AuthUrl, row.SpUrl, row.RelayStatePrefix, new(house.Link("/OS-FEDERATION/service_providers/" + row.Id)));
}

/// <summary>A service provider as tokens show it.</summary>
internal sealed record KnownProvider(string Id, string AuthUrl, string SpUrl);

[JsonSerializable(typeof(ServiceProviderBody))]
[JsonSerializable(typeof(ServiceProviderView))]
[JsonSerializable(typeof(IEnumerable<KnownProvider>))]
internal sealed partial class ServiceProviderJson : JsonSerializerContext
{
    public static readonly ServiceProviderJson Wire = new(WireJson.Options());
}
