using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Image.Images;
using Sovereign.Image.Tasks;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Discovery;

/// <summary>JSON schemas of images, members and tasks.</summary>
internal sealed class SchemaEndpoints
{
    private readonly Dictionary<string, byte[]> schemas = new(StringComparer.Ordinal)
    {
        ["image"] = Bytes(Image()),
        ["images"] = Bytes(List("images", Image())),
        ["member"] = Bytes(Member()),
        ["members"] = Bytes(List("members", Member())),
        ["task"] = Bytes(TaskSchema()),
        ["tasks"] = Bytes(List("tasks", TaskSchema())),
    };

    public void Map(Routes api) => api.Get("/schemas/{name}", "image:schemas:show", Show);

    private Task<Answer> Show(Call call) => Task.FromResult<Answer>(schemas.TryGetValue(call.Route("name"), out var schema)
        ? Answer.Bytes(200, schema)
        : new Fault.NotFound("schema", call.Route("name")));

    private static JsonObject Image() => new()
    {
        ["name"] = "image",
        ["properties"] = new JsonObject
        {
            ["id"] = Text("An identifier for the image"),
            ["name"] = Text("Descriptive name for the image", nullable: true),
            ["status"] = Text("Status of the image", true, false, "queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete", "deactivated"),
            ["visibility"] = Text("Scope of image accessibility", false, false, [.. ImageRow.Visibilities.Order(StringComparer.Ordinal)]),
            ["protected"] = Of("boolean", "If true, image will not be deletable."),
            ["os_hidden"] = Of("boolean", "If true, image will not appear in default image list response."),
            ["checksum"] = Text("md5 hash of image contents.", readOnly: true, nullable: true),
            ["os_hash_algo"] = Text("Algorithm to calculate the os_hash_value", readOnly: true, nullable: true),
            ["os_hash_value"] = Text("Hexdigest of the image contents using the algorithm specified by the os_hash_algo", readOnly: true, nullable: true),
            ["owner"] = Text("Owner of the image", nullable: true),
            ["size"] = Of("integer", "Size of image file in bytes", readOnly: true, nullable: true),
            ["virtual_size"] = Of("integer", "Virtual size of image in bytes", readOnly: true, nullable: true),
            ["container_format"] = Text("Format of the container", false, true, [.. ImageRow.ContainerFormats.Order(StringComparer.Ordinal)]),
            ["disk_format"] = Text("Format of the disk", false, true, [.. ImageRow.DiskFormats.Order(StringComparer.Ordinal)]),
            ["created_at"] = Text("Date and time of image registration", readOnly: true),
            ["updated_at"] = Text("Date and time of the last image modification", readOnly: true),
            ["tags"] = new JsonObject
            {
                ["description"] = "List of strings related to the image", ["type"] = "array",
                ["items"] = new JsonObject { ["type"] = "string", ["maxLength"] = ImageRow.NameLengthMax },
            },
            ["min_ram"] = Of("integer", "Amount of ram (in MB) required to boot image."),
            ["min_disk"] = Of("integer", "Amount of disk space (in GB) required to boot image."),
            ["self"] = Text("An image self url", readOnly: true),
            ["file"] = Text("An image file url", readOnly: true),
            ["schema"] = Text("An image schema url", readOnly: true),
        },
        ["additionalProperties"] = new JsonObject { ["type"] = "string" },
        ["links"] = new JsonArray(Link("self", "{self}"), Link("enclosure", "{file}"), Link("describedby", "{schema}")),
    };

    private static JsonObject Member() => new()
    {
        ["name"] = "member",
        ["properties"] = new JsonObject
        {
            ["created_at"] = Text("Date and time of image member creation"),
            ["image_id"] = Text("An identifier for the image"),
            ["member_id"] = Text("An identifier for the image member (tenantId)"),
            ["status"] = Text("The status of this image member", false, false, "pending", "accepted", "rejected"),
            ["updated_at"] = Text("Date and time of last modification of image member"),
            ["schema"] = Text("", readOnly: true),
        },
    };

    private static JsonObject TaskSchema() => new()
    {
        ["name"] = "task",
        ["properties"] = new JsonObject
        {
            ["id"] = Text("An identifier for the task"),
            ["type"] = Text("The type of task represented by this content", false, false, TaskRow.TypeOfImport),
            ["status"] = Text("The current status of this task", false, false, [.. TaskStatuses.All.Order(StringComparer.Ordinal)]),
            ["input"] = Of("object", "The parameters required by task, JSON blob", nullable: true),
            ["result"] = Of("object", "The result of current task, JSON blob", nullable: true),
            ["owner"] = Text("An identifier for the owner of this task"),
            ["message"] = Text("Human-readable informative message only included when appropriate (usually on failure)", nullable: true),
            ["image_id"] = Text("Image associated with the task", nullable: true),
            ["request_id"] = Text("Human-readable informative request-id", nullable: true),
            ["user_id"] = Text("User associated with the task", nullable: true),
            ["expires_at"] = Text("Datetime when this resource would be subject to removal", nullable: true),
            ["created_at"] = Text("Datetime when this resource was created"),
            ["updated_at"] = Text("Datetime when this resource was updated"),
            ["self"] = Text("", readOnly: true),
            ["schema"] = Text("", readOnly: true),
        },
    };

    private static JsonObject List(string name, JsonObject item) => new()
    {
        ["name"] = name,
        ["properties"] = new JsonObject
        {
            [name] = new JsonObject { ["type"] = "array", ["items"] = item }, ["first"] = Text("", false), ["next"] = Text("", false), ["schema"] = Text("", false),
        },
        ["links"] = new JsonArray(Link("first", "{first}"), Link("next", "{next}"), Link("describedby", "{schema}")),
    };

    private static JsonObject Text(string description, bool readOnly = false, bool nullable = false, params string[] values)
    {
        var text = Of("string", description, readOnly, nullable);
        if (values.Length > 0) text["enum"] = new JsonArray([.. values.Select(value => (JsonNode?)value), .. nullable ? new JsonNode?[] { null } : []]);
        return text;
    }

    private static JsonObject Of(string type, string description, bool readOnly = false, bool nullable = false)
    {
        var member = new JsonObject { ["description"] = description, ["type"] = nullable ? new JsonArray("null", type) : (JsonNode)type };
        if (readOnly) member["readOnly"] = true;
        return member;
    }

    private static JsonObject Link(string rel, string href) => new() { ["rel"] = rel, ["href"] = href };

    private static byte[] Bytes(JsonObject schema) => Encoding.UTF8.GetBytes(schema.ToJsonString());
}
