using Sovereign.Kernel.Wire;
using Sovereign.Network.RouterFlavors;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Extensions;

internal sealed record ExtensionView(string Alias, string Name, string Description, string Updated)
{
    public IReadOnlyList<string> Links { get; init; } = [];
}

internal sealed record ExtensionsAnswer(IReadOnlyList<ExtensionView> Extensions);

internal sealed record ExtensionAnswer(ExtensionView Extension);

internal sealed record VersionLink(string Rel, string Href);

internal sealed record VersionView(string Id, string Status, IReadOnlyList<VersionLink> Links);

internal sealed record VersionsAnswer(IReadOnlyList<VersionView> Versions);

internal sealed record ResourceView(string Name, string Collection, IReadOnlyList<VersionLink> Links);

internal sealed record ResourcesAnswer(IReadOnlyList<ResourceView> Resources);

internal sealed record ZoneView(string Name, string State, string Resource);

internal sealed record ZonesAnswer(IReadOnlyList<ZoneView> AvailabilityZones);

internal sealed record ProviderView(string ServiceType, string Name, bool Default);

internal sealed record ProvidersAnswer(IReadOnlyList<ProviderView> ServiceProviders);

/// <summary>What the API says of itself: versions, extensions that are really here, zones, providers.</summary>
/// <param name="dns">False: without the DNS extensions.</param>
internal sealed class ExtensionEndpoints(bool dns)
{
    private const string DnsPrefix = "dns-";

    private static readonly IReadOnlyList<ExtensionView> all =
    [
        new("address-group", "Address group", "Support address group", "2024-01-01T00:00:00-00:00"),
        new("address-scope", "Address scope", "Address scopes extension.", "2024-01-01T00:00:00-00:00"),
        new("agent", "agent", "The agent management extension.", "2024-01-01T00:00:00-00:00"),
        new("allowed-address-pairs", "Allowed Address Pairs", "Provides allowed address pairs", "2013-07-23T10:00:00-00:00"),
        new("auto-allocated-topology", "Auto Allocated Topology Services", "Auto Allocated Topology Services.", "2016-01-01T00:00:00-00:00"),
        new("availability_zone", "Availability Zone", "The availability zone extension.", "2015-01-01T10:00:00-00:00"),
        new("binding", "Port Binding", "Expose port bindings of a virtual port to external application", "2014-02-03T10:00:00-00:00"),
        new("default-subnetpools", "Default Subnetpools",
            "Provides ability to mark and use a subnetpool as the default.", "2024-01-01T00:00:00-00:00"),
        new("dhcp_agent_scheduler", "DHCP Agent Scheduler", "Schedule networks among dhcp agents", "2013-02-07T10:00:00-00:00"),
        new("dns-domain-ports", "dns_domain for ports", "Allows the DNS domain to be specified for a network port.", "2024-01-01T00:00:00-00:00"),
        new("dns-integration", "DNS Integration", "Provides integration with DNS.", "2024-01-01T00:00:00-00:00"),
        new("ext-gw-mode", "Neutron L3 Configurable external gateway mode",
            "Extension of the router abstraction for specifying whether SNAT should occur on the external gateway", "2013-03-28T10:00:00-00:00"),
        new("external-net", "Neutron external network", "Adds external network attribute to network resource.", "2013-01-14T10:00:00-00:00"),
        new("extra_dhcp_opt", "Neutron Extra DHCP options",
            "Extra options configuration for DHCP. For example PXE boot options to DHCP clients can be specified", "2024-01-01T00:00:00-00:00"),
        new("extraroute", "Neutron Extra Route", "Extra routes configuration for L3 router", "2013-02-01T10:00:00-00:00"),
        new("extraroute-atomic", "Atomically add/remove extra routes",
            "Edit extra routes of a router on server side by atomically adding/removing extra routes", "2019-07-10T00:00:00+00:00"),
        new("filter-validation", "Filter parameters validation", "Provides validation on filter parameters.", "2018-07-04T10:00:00-00:00"),
        new("fip-port-details", "Floating IP Port Details Extension", "Add port_details attribute to Floating IP resource", "2018-04-09T10:00:00-00:00"),
        new("flavors", "Neutron Service Flavors", "Flavor specification for Neutron advanced services.", "2015-09-17T10:00:00-00:00"),
        new("floating-ip-port-forwarding", "Floating IP Port Forwarding",
            "Add port_forwarding attribute to Floating IP resource", "2018-04-06T10:00:00-00:00"),
        new("floating-ip-port-forwarding-description", "Floating IP Port Forwarding new attribute description",
            "Add a description field to Port Forwarding rules", "2019-11-01T10:00:00-00:00"),
        new("floating-ip-port-forwarding-detail", "Floating IP Port Forwarding details",
            "Add internal_port_id to the port forwardings of a floating IP", "2019-04-19T10:00:00-00:00"),
        new("floating-ip-port-forwarding-port-ranges", "Floating IP Port Forwarding support port ranges",
            "Add port ranges to Port Forwarding rules", "2020-11-01T10:00:00-00:00"),
        new("l3-conntrack-helper", "L3 Conntrack helper", "Allow adding CT target rules for conntrack helper", "2019-04-04T10:00:00-00:00"),
        new("logging", "Logging API Extension", "Provides a logging API for resources such as security group and firewall.", "2017-01-01T10:00:00-00:00"),
        new("metering", "Neutron Metering", "Neutron Metering extension.", "2013-06-12T10:00:00-00:00"),
        new("metering_source_and_destination_fields", "Neutron Metering with source and destination filtering",
            "Neutron Metering extension that enables the use of source and destination IP prefixes to create metering label rules.",
            "2020-08-21T08:12:00-00:00"),
        new("l3-flavors", "Router Flavor Extension", "Flavor support for routers.", "2016-05-17T00:00:00-00:00"),
        new("l3_agent_scheduler", "L3 Agent Scheduler", "Schedule routers among l3 agents", "2013-02-07T10:00:00-00:00"),
        new("net-mtu", "Network MTU", "Provides MTU attribute for a network resource.", "2015-03-25T10:00:00-00:00"),
        new("net-mtu-writable", "Network MTU (writable)", "Provides a writable MTU attribute for a network resource.", "2017-07-12T00:00:00-00:00"),
        new("network_availability_zone", "Network Availability Zone", "Availability zone support for network.", "2015-01-01T10:00:00-00:00"),
        new("network-ip-availability", "Network IP Availability", "Provides IP availability data for each network and subnet.", "2015-09-24T00:00:00-00:00"),
        new("network-segment-range", "Neutron Network Segment Range", "Provides support for the network segment range management", "2018-11-29T00:00:00-00:00"),
        new("pagination", "Pagination support", "Extension that indicates that pagination is enabled.", "2016-06-12T00:00:00-00:00"),
        new("port-security", "Port Security", "Provides port security", "2012-07-23T10:00:00-00:00"),
        new("port-security-groups-filtering", "Port filtering on security groups", "Provides security groups filtering when listing ports", "2018-01-09T09:00:00-00:00"),
        new("project-id", "project_id field enabled", "Extension that indicates that project_id field is enabled.", "2016-09-09T09:09:09-09:09"),
        new("provider", "Provider Network", "Expose mapping of virtual networks to physical networks", "2012-09-07T10:00:00-00:00"),
        new("qos", "Quality of Service", "The Quality of Service extension.", "2024-01-01T00:00:00-00:00"),
        new("qos-bw-limit-direction", "Direction for QoS bandwidth limit rule",
            "Allow to configure QoS bandwidth limit rule with specific direction: ingress or egress", "2024-01-01T00:00:00-00:00"),
        new("qos-default", "QoS default policy", "Expose the QoS default policy per project", "2024-01-01T00:00:00-00:00"),
        new("qos-rule-type-details", "Details of QoS rule types",
            "Expose details about QoS rule types supported by loaded backend drivers", "2024-01-01T00:00:00-00:00"),
        new("quota_details", "Quota details management support", "Expose functions for quotas usage statistics per project", "2017-02-10T10:00:00-00:00"),
        new("quotas", "Quota management support", "Expose functions for quotas management per project", "2012-07-29T10:00:00-00:00"),
        new("rbac-address-group", "Add address_group type to RBAC", "Add address_group type to network RBAC", "2024-01-01T00:00:00-00:00"),
        new("rbac-address-scope", "Add address_scope type to RBAC", "Add address_scope type to RBAC", "2024-01-01T00:00:00-00:00"),
        new("rbac-policies", "RBAC Policies",
            "Allows creation and modification of policies that control tenant access to resources.", "2024-01-01T00:00:00-00:00"),
        new("rbac-security-groups", "Add security_group type to network RBAC",
            "Add security_group type to network RBAC", "2024-01-01T00:00:00-00:00"),
        new("rbac-subnetpool", "Add subnetpool type to RBAC", "Add subnetpool type to RBAC", "2024-01-01T00:00:00-00:00"),
        new("revision-if-match", "If-Match constraints based on revision_number",
            "Extension indicating that If-Match based on revision_number is supported.", "2016-12-11T00:00:00-00:00"),
        new("router", "Neutron L3 Router",
            "Router abstraction for basic L3 forwarding between L2 Neutron networks and access to external networks via a NAT gateway.", "2012-07-20T10:00:00-00:00"),
        new("router_availability_zone", "Router Availability Zone", "Availability zone support for router.", "2015-01-01T10:00:00-00:00"),
        new("security-group", "security-group", "The security groups extension.", "2012-10-05T10:00:00-00:00"),
        new("security-groups-default-rules", "Default rules for security groups",
            "Configure set of security group rules used as default rules.", "2024-01-01T00:00:00-00:00"),
        new("security-groups-normalized-cidr", "Normalized CIDR field for security group rules",
            "Add new field with normalized remote_ip_prefix cidr in SG rule", "2020-07-28T10:00:00-00:00"),
        new("security-groups-remote-address-group", "Remote address group id field for security group rules",
            "Add new field of remote address group id in SG rules", "2024-01-01T00:00:00-00:00"),
        new("security-groups-shared-filtering", "Security group filtering on the shared field",
            "Support filtering security groups on the shared field", "2024-01-01T00:00:00-00:00"),
        new("segment", "Segment", "Segments extension.", "2016-02-24T17:00:00-00:00"),
        new("service-type", "Neutron Service Type Management", "API for retrieving service providers for Neutron advanced services", "2013-01-20T00:00:00-00:00"),
        new("sorting", "Sorting support", "Extension that indicates that sorting is enabled.", "2016-06-12T00:00:00-00:00"),
        new("standard-attr-description", "standard-attr-description", "Extension to add descriptions to standard attributes", "2016-02-10T10:00:00-00:00"),
        new("standard-attr-revisions", "Resource revision numbers", "This extension will display the revision number of neutron resources.", "2016-04-11T10:00:00-00:00"),
        new("standard-attr-segment", "Segments standard attributes extension", "Expose the standard attributes of segments", "2024-01-01T00:00:00-00:00"),
        new("standard-attr-tag", "Tag support for resources with standard attribute: port, subnet, network, security_group, router, floatingip",
            "Enables to set tag on resources with standard attribute.", "2017-01-01T00:00:00-00:00"),
        new("standard-attr-timestamp", "Resource timestamps",
            "Adds created_at and updated_at fields to all Neutron resources that have Neutron standard attributes.", "2016-09-12T10:00:00-00:00"),
        new("stateful-security-group", "Stateful security group", "Indicates if the security group is stateful or not", "2019-11-26T09:00:00-00:00"),
        new("subnet_allocation", "Subnet Allocation", "Enables allocation of subnets from a subnet pool", "2024-01-01T00:00:00-00:00"),
        new("subnet_onboard", "Subnet Onboard", "Provides support for onboarding subnets into subnet pools", "2024-01-01T00:00:00-00:00"),
        new("subnet-service-types", "Subnet service types", "Provides ability to set the subnet service_types field", "2024-01-01T00:00:00-00:00"),
        new("subnetpool-prefix-ops", "Subnet Pool Prefix Operations",
            "Provides support for adjusting the prefix list of subnet pools", "2024-01-01T00:00:00-00:00"),
    ];

    private readonly IReadOnlyList<ExtensionView> loaded =
        [.. all.Where(extension => dns || !extension.Alias.StartsWith(DnsPrefix, StringComparison.Ordinal))];

    private static readonly string[] collections = ["network", "subnet", "port", "router", "floatingip", "security-group", "security-group-rule", "quota", "extension"];

    public void Map(Routes api)
    {
        api.Get("", "network:versions", Versions);
        api.Get("/v2.0", "network:resources", Resources);
        api.Get("/v2.0/extensions", "network:extensions:list", _ => Reply(Answer.Json(200, new ExtensionsAnswer(loaded), NetworkJson.Wire.ExtensionsAnswer)));
        api.Get("/v2.0/extensions/{alias}", "network:extensions:show", Show);
        api.Get("/v2.0/availability_zones", "network:availability_zones:list", Zone);
        api.Get("/v2.0/service-providers", "network:service_providers:list", _ => Reply(Answer.Json(
            200, new ProvidersAnswer([new ProviderView(RouterDrivers.ServiceType, RouterDrivers.Provider, true)]), NetworkJson.Wire.ProvidersAnswer)));
    }

    private static Task<Answer> Reply(Answer answer) => Task.FromResult(answer);

    private static Task<Answer> Versions(Call call) => Reply(Answer.Json(
        200, new VersionsAnswer([new VersionView("v2.0", "CURRENT", [new VersionLink("self", call.Link("/v2.0/"))])]), NetworkJson.Wire.VersionsAnswer));

    private static Task<Answer> Resources(Call call) => Reply(Answer.Json(
        200,
        new ResourcesAnswer(collections.Select(name => new ResourceView(name, name + "s", [new VersionLink("self", call.Link($"/v2.0/{name}s"))])).ToList()),
        NetworkJson.Wire.ResourcesAnswer));

    /// <summary>What is not there is said in HTML, as the original does here only.</summary>
    private Task<Answer> Show(Call call)
    {
        var alias = call.Route("alias");
        return Reply(loaded.FirstOrDefault(extension => extension.Alias == alias) is { } found
            ? Answer.Json(200, new ExtensionAnswer(found), NetworkJson.Wire.ExtensionAnswer)
            : Answer.Bytes(404, Dialect.Page(404, "The resource could not be found.", $"Extension with alias {alias} does not exist"), Dialect.PageType));
    }

    private static Task<Answer> Zone(Call call) => Reply(Answer.Json(
        200,
        new ZonesAnswer([new ZoneView(Zones.Default, "available", "router"), new ZoneView(Zones.Default, "available", "network")]),
        NetworkJson.Wire.ZonesAnswer));
}
