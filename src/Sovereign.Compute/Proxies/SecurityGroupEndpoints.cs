using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network;

namespace Sovereign.Compute.Proxies;

/// <summary>Security groups by the routes that old clients still ask compute for, until 2.36 (Compute API reference, "os-security-groups"); the network
/// service has them.</summary>
internal sealed class SecurityGroupEndpoints(KernelServices kernel, INetworks networks)
{
    private const int FirstWithout = 36;
    private const int TextCharactersMax = 255;
    private const int GroupsMax = 1000;
    private ISecurityGroups Groups => networks.SecurityGroups;

    public void Map(BothRoutes api)
    {
        api.Get("/os-security-groups", "compute:security-groups:list", call => Old(call, List));
        api.Post("/os-security-groups", "compute:security-groups:create", call => Old(call, Create));
        api.Get("/os-security-groups/{id}", "compute:security-groups:show", call => Old(call, Show));
        api.Put("/os-security-groups/{id}", "compute:security-groups:update", call => Old(call, Update));
        api.Delete("/os-security-groups/{id}", "compute:security-groups:delete", call => Old(call, Delete));
        api.Post("/os-security-group-rules", "compute:security-groups:rule-create", call => Old(call, AddRule));
        api.Delete("/os-security-group-rules/{id}", "compute:security-groups:rule-delete", call => Old(call, RemoveRule));
    }

    private static Task<Answer> Old(Call call, Func<Call, Task<Answer>> handler) =>
        call.Version.Has(FirstWithout) ? Task.FromResult<Answer>(Wire.NotFound("The resource could not be found.")) : handler(call);

    private async Task<Answer> List(Call call)
    {
        if (Count(call, "limit", GroupsMax) is not { } limit || Count(call, "offset", long.MaxValue) is not { } offset)
        {
            return new Fault.Invalid("limit", "limit and offset must be integers and not negative.");
        }

        var everyProject = call.Query("all_tenants") is { } all && Wire.Truth(all) == true;
        return Render.List("security_groups", await Groups.List(call.Access, everyProject, offset, limit, call.Stop), Write);
    }

    private static long? Count(Call call, string name, long most)
    {
        if (call.Query(name) is not { } text) return name == "limit" ? most : 0;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? Math.Min(count, most) : null;
    }

    private Task<Answer> Show(Call call) => Task.FromResult(IsId(call.Route("id")) is { } wrong
        ? wrong
        : Group(kernel.Database.Read(session => Groups.Show(session, call.Access, call.Route("id")))));

    private async Task<Answer> Create(Call call)
    {
        var wish = await Wish(call, ProxyJson.Wire.GroupBody);
        if (wish.Fault is { } wrong) return wrong;
        if (wish.Value.SecurityGroup.Name is not { } name)
        {
            return new Fault.Invalid("name", "Invalid input for field/attribute security_group. 'name' is a required property");
        }

        return Group(await Change(call, "create", tx => Groups.Create(tx, call.Access, name, wish.Value.SecurityGroup.Description ?? "")));
    }

    private async Task<Answer> Update(Call call)
    {
        if (IsId(call.Route("id")) is { } noId) return noId;
        var wish = await Wish(call, ProxyJson.Wire.GroupBody);
        if (wish.Fault is { } wrong) return wrong;
        var group = wish.Value.SecurityGroup;
        return Group(await Change(call, "update", tx => Groups.Update(tx, call.Access, call.Route("id"), group.Name, group.Description)));
    }

    private async Task<Answer> Delete(Call call) => IsId(call.Route("id")) is { } wrong
        ? wrong
        : Answer.Of(await Change(call, "delete", tx => Groups.Delete(tx, call.Access, call.Route("id"))), _ => Answer.Empty(202));

    private async Task<Answer> AddRule(Call call)
    {
        var body = await call.Body(ProxyJson.Wire.RuleBody);
        if (body.Fault is { } wrong) return wrong;
        var wish = body.Value.SecurityGroupRule;
        if (wish.ParentGroupId is not { } groupId || IsId(groupId) is not null) return new Fault.Invalid("parent_group_id", "Parent group id is not uuid");
        if (wish.GroupId is { } remote && IsId(remote) is not null) return new Fault.Invalid("group_id", "Parent group id is not uuid");
        var (from, to) = (Port(wish.FromPort), Port(wish.ToPort));
        if ((from.Fault ?? to.Fault) is { } noPort) return noPort;
        if (wish.GroupId is null && (wish.IpProtocol is null || from.Value is null || to.Value is null))
        {
            return new Fault.Invalid("", "Not enough parameters to build a valid rule.");
        }

        return Answer.Of(
            await Change(call, "rule-create", tx => Groups.AddRule(
                tx, call.Access, groupId, Protocol(wish.IpProtocol), Open(from.Value), Open(to.Value), wish.Cidr, wish.GroupId)),
            rule => Render.Object(200, "security_group_rule", json => Write(json, rule)));
    }

    private async Task<Answer> RemoveRule(Call call) => IsId(call.Route("id")) is { } wrong
        ? wrong
        : Answer.Of(await Change(call, "rule-delete", tx => Groups.RemoveRule(tx, call.Access, call.Route("id"))), _ => Answer.Empty(202));

    /// <summary>The old routes say 400 where the network service says 409, but for its quota.</summary>
    private async Task<Outcome<T>> Change<T>(Call call, string name, Func<Tx, Outcome<T>> change)
    {
        var done = await kernel.Queue.Write("security-group." + name, call.Origin, change, call.Stop);
        return done.Fault switch
        {
            Fault.Conflict { Type: "OverQuota" } full => new Fault.Forbidden(full.Message),
            Fault.Conflict conflict => new Fault.Invalid("", conflict.Message),
            _ => done,
        };
    }

    private static async Task<Outcome<GroupBody>> Wish(Call call, JsonTypeInfo<GroupBody> type)
    {
        var body = await call.Body(type);
        if (body.Fault is { } wrong) return wrong;
        var (name, description) = (body.Value.SecurityGroup.Name, body.Value.SecurityGroup.Description);
        if (name is not null && (name.Trim().Length == 0 || name.Length > TextCharactersMax))
        {
            return new Fault.Invalid("name", $"Security group name should be 1 to {TextCharactersMax} characters and not only blanks.");
        }

        return description?.Length > TextCharactersMax
            ? new Fault.Invalid("description", $"Security group description should not be greater than {TextCharactersMax} characters.")
            : body.Value;
    }

    private static Fault? IsId(string id) => Guid.TryParse(id, out _) ? null : new Fault.Invalid("id", "Security group id should be uuid");

    /// <summary>A number, or one as text; -1 and nothing stand for all.</summary>
    private static Outcome<long?> Port(JsonElement? wished) => wished switch
    {
        null or { ValueKind: JsonValueKind.Null } => Outcome.Of<long?>(null),
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var value) => value,
        { ValueKind: JsonValueKind.String } text when
            long.TryParse(text.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) => value,
        _ => new Fault.Invalid("from_port", "A port is a number."),
    };

    private static long? Open(long? port) => port == -1 ? null : port;

    private static string? Protocol(string? name) => name is null or "" or "-1" ? null : name.ToLowerInvariant();

    private static Answer Group(Outcome<SecurityGroupInfo> outcome) => Answer.Of(outcome, group => Render.Object(200, "security_group", json => Write(json, group)));

    /// <summary>A group with its rules, as a member of a list or alone.</summary>
    public static void Write(Utf8JsonWriter json, SecurityGroupInfo group)
    {
        json.WriteString("id", group.Id);
        json.WriteString("description", group.Description);
        json.WriteString("name", group.Name);
        json.WriteString("tenant_id", group.ProjectId);
        json.WriteStartArray("rules");
        foreach (var rule in group.Rules)
        {
            json.WriteStartObject();
            Write(json, rule);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, SecurityRuleInfo rule)
    {
        var allPorts = rule.Protocol is "tcp" or "udp" && rule.PortMin is null;
        json.WriteString("id", rule.Id);
        json.WriteString("parent_group_id", rule.GroupId);
        json.WriteString("ip_protocol", rule.Protocol);
        json.NumberOrNull("from_port", Shown(rule.Protocol, rule.PortMin, allPorts ? 1 : -1));
        json.NumberOrNull("to_port", Shown(rule.Protocol, rule.PortMax, allPorts ? 65_535 : -1));
        json.WriteStartObject("group");
        if (rule.RemoteGroup is var (project, name))
        {
            json.WriteString("tenant_id", project);
            json.WriteString("name", name);
        }

        json.WriteEndObject();
        json.WriteStartObject("ip_range");
        if (rule.Cidr is { } cidr) json.WriteString("cidr", cidr);
        json.WriteEndObject();
    }

    /// <summary>Without a protocol there are no ports; with one, none means all.</summary>
    private static long? Shown(string? protocol, long? port, long all) => protocol is null ? null : port ?? all;
}
