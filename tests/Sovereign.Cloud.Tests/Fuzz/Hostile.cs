namespace Sovereign.Cloud.Tests.Fuzz;

/// <summary>Values that programs stumble over.</summary>
internal static class Hostile
{
    /// <summary>JSON texts, put where a value stood.</summary>
    public static readonly string[] Json =
    [
        "null", "true", "false", "0", "-1", "1", "255", "256", "65536", "2147483647", "2147483648", "-2147483649", "9223372036854775807",
        "9223372036854775808",
        "1e400", "-0.0", "0.1", "1E-400", "\"\"", "\" \"", "\"0\"", "\"-1\"", "\"true\"", "\"None\"", "\"null\"", "[]", "{}", "[[]]",
        "[null]", "[{}]", "{\"\":null}",
        "[1,\"a\",null]", "{\"a\":{\"b\":{\"c\":[]}}}", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00x\"",
        "\"\\u202egnp.exe\"", "\"\\uffff\"",
        "\"'; DROP TABLE servers;--\"", "\"%\"", "\"_\"", "\"\\\\\"", "\"%s%n{0}$(id)`id`\"", "\"../../../etc/passwd\"",
        "\"\\r\\nX-Evil: 1\"", "\"\\n\"", "\"\\t\"",
        "\"\\u00e9\\u0301\\ud83d\\ude00\"", "\"<script>alert(1)</script>\"", "\"00000000-0000-0000-0000-000000000000\"",
        "\"ffffffffffffffffffffffffffffffff\"",
        "\"::\"", "\"0.0.0.0/0\"", "\"255.255.255.255/33\"", "\"::/0\"", "\"fe80::1%eth0\"", "\"10.0.0.256\"", "\"1.2.3.4/-1\"",
        "\"aa:bb:cc:dd:ee:zz\"",
        "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"2026-02-30T25:61:61Z\"", "\"http://169.254.169.254/latest\"",
        "\"file:///etc/passwd\"",
        "\"admin\"", "\"default\"", "\"ACTIVE\"", "\"error\"", "\"any\"", "\"network:dhcp\"", "\"compute:x\"",
    ];

    /// <summary>Pieces of a path or values of a query, encoded as they are sent.</summary>
    public static readonly string[] Piece =
    [
        "%00", "..%2f..%2f", "..", ".", "%2e%2e", "%25", "%", "%zz", "%ff%fe", "%c3%28", "%F0%9F%98%80", "'", "%22", "%27%20OR%201=1",
        ";", "*", "%20", "+", "~", "a,b", "null",
        "None", "-1", "0", "1", "1e9", "2147483648", "9223372036854775808", "99999999999999999999", "true",
        "00000000-0000-0000-0000-000000000000", "detail", "default",
        "latest", "%E2%80%AE", "%5C", "%5f%25", "in:a,b", "in:", "neq:x", "gt:2020-01-01T00:00:00Z", "gt:x", "like:%25",
        "regex:(a+)%2b$", "2020-01-01T00:00:00Z",
    ];

    public static readonly string[] QueryNames =
    [
        "limit", "marker", "sort_key", "sort_dir", "fields", "name", "id", "all_tenants", "project_id", "tenant_id", "changes-since",
        "changes-before", "page_reverse", "status",
        "tags", "not-tags", "tags-any", "user_id", "domain_id", "enabled", "created_at", "updated_at", "size_min", "visibility", "owner",
        "member_status", "os_hidden", "ip",
        "fixed_ips", "device_id", "network_id", "host", "flavor", "image", "deleted", "start", "end", "detailed", "is_public", "minDisk",
        "minRam", "resources", "required",
        "member_of", "in_tree", "group_policy", "include_names", "effective", "name__contains", "include_subtree", "parents_as_ids",
        "sort", "limit%00", "", "reverse",
        "usage", "type", "with_servers", "hypervisor_hostname_pattern", "revision_number", "router:external", "cidr", "ip_version",
        "security_group_id", "direction",
    ];

    /// <summary>Members that answers have and clients may try to set.</summary>
    public static readonly string[] Members =
    [
        "id", "name", "project_id", "tenant_id", "user_id", "owner", "status", "created_at", "updated_at", "revision_number", "enabled",
        "domain_id", "parent_id", "is_domain",
        "tags", "options", "links", "description", "metadata", "extra", "admin_state_up", "device_owner", "device_id", "binding:host_id",
        "mac_address", "fixed_ips", "size",
        "checksum", "locations", "host", "OS-EXT-SRV-ATTR:host", "security_groups", "networks", "flavorRef", "imageRef", "min_count",
        "max_count", "user_data", "personality",
        "block_device_mapping_v2", "availability_zone", "scheduler_hints", "config_drive", "adminPass", "password", "roles", "is_admin",
        "__proto__", "", "a\u0000b",
    ];

    public static readonly (string Name, string[] Values)[] Headers =
    [
        ("OpenStack-API-Version", ["compute 2.1", "compute 2.0", "compute 2.999", "compute latest", "compute -1", "compute 2", "compute",
        "placement 1.0", "placement 1.39", "x",
            "placement 9.9", "compute 2.1, placement 1.1", "compute 99999999999.1"]),
        ("X-OpenStack-Nova-API-Version", ["2.1", "2.90", "latest", "x", ""]),
        ("Content-Type", ["text/plain", "application/xml", "application/json; charset=utf-16", "application/octet-stream",
        "multipart/form-data; boundary=x", "x", ";",
            "application/openstack-images-v2.1-json-patch", "application/openstack-images-v2.0-json-patch"]),
        ("Accept", ["*/*", "text/html", "application/xml", "application/json;q=0", "x", ""]),
        ("If-Match", ["revision_number=0", "revision_number=-1", "revision_number=x", "*", "\"x\"",
        "revision_number=99999999999999999999"]),
        ("If-None-Match", ["*", "\"x\""]), ("X-Subject-Token", ["x", "", "gAAAAA"]), ("Range", ["bytes=0-", "bytes=5-1", "bytes=-1",
        "bytes=999999999-", "x"]),
        ("Content-Encoding", ["gzip", "x"]), ("X-Forwarded-Host", ["evil.example"]), ("Forwarded", ["host=evil.example"]), ("Host",
        ["evil.example", "x:99999"]),
        ("X-HTTP-Method-Override", ["DELETE"]), ("X-Project-Id", ["x"]), ("X-Roles", ["admin"]), ("X-Identity-Status",
        ["Confirmed"]), ("Expect", ["x"]),
        ("x-image-meta-size", ["-1"]), ("X-Openstack-Request-Id", ["req-x", "x"]), ("Accept-Language", ["de", "x"]), ("Cookie", ["a=b"]),
    ];

    public static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "X"];
}
