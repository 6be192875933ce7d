using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Domains;

/// <summary>What a domain's operator notes about its own directory: kept sealed and given back, without passwords; nothing here acts on it.</summary>
internal sealed class DomainConfigService(House house)
{
    public const string Compliance = "security_compliance";
    private const int ConfigBytesMax = 64 * 1024;

    /// <summary>Options whose values are taken but never shown.</summary>
    private static readonly HashSet<string> secrets = new(StringComparer.Ordinal) { "ldap/password" };

    /// <summary>The groups and options that there are, with the original's defaults.</summary>
    public static readonly JsonObject Defaults = (JsonObject)JsonNode.Parse(
        """
        {"identity":{"driver":"sql","list_limit":null},
         "ldap":{"url":"ldap://localhost","user":null,"suffix":"cn=example,cn=com","query_scope":"one","page_size":0,"alias_dereferencing":"default",
          "chase_referrals":null,"user_tree_dn":null,"user_filter":null,"user_objectclass":"inetOrgPerson","user_id_attribute":"cn",
          "user_name_attribute":"sn","user_description_attribute":"description","user_mail_attribute":"mail","user_pass_attribute":"userPassword",
          "user_enabled_attribute":"enabled","user_enabled_invert":false,"user_enabled_mask":0,"user_enabled_default":"True",
          "user_attribute_ignore":["default_project_id"],"user_default_project_id_attribute":null,"user_enabled_emulation":false,
          "user_enabled_emulation_dn":null,"user_enabled_emulation_use_group_config":false,"user_additional_attribute_mapping":[],"group_tree_dn":null,
          "group_filter":null,"group_objectclass":"groupOfNames","group_id_attribute":"cn","group_name_attribute":"ou","group_member_attribute":"member",
          "group_members_are_ids":false,"group_desc_attribute":"description","group_attribute_ignore":[],"group_additional_attribute_mapping":[],
          "group_ad_nesting":false,"tls_cacertfile":null,"tls_cacertdir":null,"use_tls":false,"tls_req_cert":"demand","connection_timeout":-1,
          "use_pool":true,"pool_size":10,"pool_retry_max":3,"pool_retry_delay":0.1,"pool_connection_timeout":-1,"pool_connection_lifetime":600,
          "use_auth_pool":true,"auth_pool_size":100,"auth_pool_connection_lifetime":60}}
        """)!;

    /// <summary>The whole configuration, one group of it, or one option.</summary>
    public Outcome<JsonObject> Show(string domainId, string? group, string? option) => house.Kernel.Database.Read(session =>
    {
        if (house.Model.Domains.Find(domainId) is null) return new Fault.NotFound("domain", domainId);
        return Part(Shown(Load(session, domainId) ?? []), domainId, group, option);
    });

    public static Outcome<JsonObject> Default(string? group, string? option) => group is null
        ? (JsonObject)Defaults.DeepClone()
        : Known(group, option) is { } unknown ? unknown : Part((JsonObject)Defaults.DeepClone(), "default", group, option);

    /// <summary>Replaces all of it; true when there was none.</summary>
    public Task<Outcome<(JsonObject Config, bool IsNew)>> Replace(AccessGrant access, string domainId, JsonElement config, CancellationToken stop) =>
        house.Kernel.Queue.Write<(JsonObject, bool)>("domain_config.replace", access.Origin, tx =>
        {
            if (DomainStore.Find(tx, domainId) is null) return new Fault.NotFound("domain", domainId);
            var isNew = Load(tx, domainId) is null;
            return Checked(config).Then(groups => Save(tx, domainId, groups, isNew ? Change.Created : Change.Updated)).Map(saved => (Shown(saved), isNew));
        }, stop);

    /// <summary>Merges options into what is there.</summary>
    /// <param name="group">Null for all groups; else the change is of this group, or of its option, alone.</param>
    public Task<Outcome<JsonObject>> Update(AccessGrant access, string domainId, string? group, string? option, JsonElement config, CancellationToken stop) =>
        house.Kernel.Queue.Write<JsonObject>("domain_config.update", access.Origin, tx =>
        {
            if (DomainStore.Find(tx, domainId) is null) return new Fault.NotFound("domain", domainId);
            if (group is not null && Known(group, option) is { } unknown) return unknown;
            if (Load(tx, domainId) is not { } kept || (group is not null && kept[group] is null)) return Missing(domainId, group, option);
            if (option is not null && kept[group!]![option] is null) return Missing(domainId, group, option);
            return Changes(config, group, option).Then(changes =>
            {
                foreach (var (name, options) in changes)
                {
                    var into = (JsonObject)(kept[name] ??= new JsonObject());
                    foreach (var (key, value) in (JsonObject)options!) into[key] = value?.DeepClone();
                }

                return Save(tx, domainId, kept, Change.Updated).Map(Shown);
            });
        }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string domainId, string? group, string? option, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("domain_config.delete", access.Origin, tx =>
        {
            if (DomainStore.Find(tx, domainId) is null) return new Fault.NotFound("domain", domainId);
            if (group is not null && Known(group, option) is { } unknown) return unknown;
            if (Load(tx, domainId) is not { } kept) return Missing(domainId, group, option);
            if (group is null)
            {
                Remove(tx, domainId);
                return Done.Value;
            }

            var isThere = option is null ? kept.Remove(group) : kept[group] is JsonObject options && options.Remove(option);
            return isThere ? Save(tx, domainId, kept, Change.Updated).Map(_ => Done.Value) : Missing(domainId, group, option);
        }, stop);

    /// <summary>The domain goes: so does what was noted about it.</summary>
    public static void Remove(Tx tx, string domainId)
    {
        if (tx.Execute("DELETE FROM domain_configs WHERE domain_id = @domainId", new { domainId }) == 0) return;
        Recorded(tx, domainId, [], Change.Deleted);
    }

    private static Outcome<JsonObject> Changes(JsonElement config, string? group, string? option)
    {
        if (option is not null)
        {
            return config.ValueKind == JsonValueKind.Object && config.TryGetProperty(option, out var value) && config.EnumerateObject().Count() == 1
                ? new JsonObject { [group!] = new JsonObject { [option] = JsonNode.Parse(value.GetRawText()) } }
                : new Fault.Forbidden($"Trying to update option {option} in group {group}, so that and only that option must be in the body.");
        }

        var isOfGroup = group is null || (config.ValueKind == JsonValueKind.Object && config.TryGetProperty(group, out _) && config.EnumerateObject().Count() == 1);
        return isOfGroup ? Checked(config)
            : new Fault.Forbidden($"Trying to update group {group}, so that and only that group must be in the body.");
    }

    private static Outcome<JsonObject> Checked(JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object || !config.EnumerateObject().Any()) return new Fault.Forbidden("No options specified.");
        foreach (var group in config.EnumerateObject())
        {
            if (Known(group.Name, null) is { } unknown) return unknown;
            if (group.Value.ValueKind != JsonValueKind.Object) return new Fault.Invalid("config/" + group.Name, "A group of options is an object.");
            foreach (var option in group.Value.EnumerateObject())
            {
                if (Known(group.Name, option.Name) is { } unknownOption) return unknownOption;
            }
        }

        return (JsonObject)JsonNode.Parse(config.GetRawText())!;
    }

    private static Fault.Forbidden? Known(string group, string? option)
    {
        if (Defaults[group] is not JsonObject options) return new Fault.Forbidden($"Group {group} is not supported for domain specific configurations.");
        return option is null || options.ContainsKey(option) || secrets.Contains($"{group}/{option}") ? null
            : new Fault.Forbidden($"Option {option} in group {group} is not supported for domain specific configurations.");
    }

    private static Outcome<JsonObject> Part(JsonObject config, string domainId, string? group, string? option)
    {
        if (group is null) return config.Count == 0 ? Missing(domainId, group, option) : config;
        if (Known(group, option) is { } unknown) return unknown;
        if (config[group] is not JsonObject options) return Missing(domainId, group, option);
        if (option is null) return new JsonObject { [group] = options.DeepClone() };
        return options.TryGetPropertyValue(option, out var value) ? new JsonObject { [option] = value?.DeepClone() } : Missing(domainId, group, option);
    }

    private static JsonObject Shown(JsonObject config)
    {
        foreach (var secret in secrets.Select(path => path.Split('/'))) (config[secret[0]] as JsonObject)?.Remove(secret[1]);
        return config;
    }

    private static Fault.NotFound Missing(string domainId, string? group, string? option) => new(
        "domain configuration", (group, option) switch
        {
            (null, _) => $"any options for domain {domainId}",
            (_, null) => $"group {group} for domain {domainId}",
            _ => $"option {option} in group {group} for domain {domainId}",
        });

    private JsonObject? Load(Session session, string domainId)
    {
        var stored = session.FirstOrDefault<byte[]>("SELECT sealed FROM domain_configs WHERE domain_id = @domainId", new { domainId });
        var opened = stored is null ? null : house.Kernel.Keys.Open(session, domainId, stored, "domain_config/" + domainId);
        return opened is null ? null : (JsonObject)JsonNode.Parse(opened)!;
    }

    private Outcome<JsonObject> Save(Tx tx, string domainId, JsonObject config, Change change)
    {
        var text = config.ToJsonString();
        if (text.Length > ConfigBytesMax) return new Fault.Invalid("config", $"A configuration takes at most {ConfigBytesMax} characters.");
        var stored = house.Kernel.Keys.Seal(tx, domainId, Encoding.UTF8.GetBytes(text), "domain_config/" + domainId);
        tx.Execute(
            "INSERT INTO domain_configs (domain_id, sealed) VALUES (@domainId, @stored) ON CONFLICT (domain_id) DO UPDATE SET sealed = excluded.sealed",
            new { domainId, stored });
        Recorded(tx, domainId, [.. config.Select(group => group.Key)], change);
        return config;
    }

    private static void Recorded(Tx tx, string domainId, IReadOnlyList<string> groups, Change change) => tx.Record(
        "domain_config", domainId, domainId, change, new DomainConfigDocument(domainId, groups), DomainJson.Wire.DomainConfigDocument);
}

/// <summary>A configuration as the journal has it: without its values, since some are secrets.</summary>
internal sealed record DomainConfigDocument(string DomainId, IReadOnlyList<string> Groups);
