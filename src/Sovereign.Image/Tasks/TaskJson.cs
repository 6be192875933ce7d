using System.Text.Json.Serialization;
using Sovereign.Kernel.Sources;

namespace Sovereign.Image.Tasks;

/// <summary>A task on the wire, whole.</summary>
internal sealed record TaskView(
    string Id, string Type, string Status, string Owner, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ExpiresAt, string CreatedAt,
    string UpdatedAt, TaskInput Input, TaskResult? Result, string Message, string Self, string Schema, string ImageId, string RequestId, string UserId)
{
    public static TaskView From(TaskRow row) => new(
        row.Id, row.Type, row.Status, row.Owner, row.ExpiresAt is { } end ? Micros.ToSecondsZ(end) : null, Micros.ToSecondsZ(row.CreatedAt),
        Micros.ToSecondsZ(row.UpdatedAt), TaskInput.From(row), row.Status == TaskStatuses.Success ? new TaskResult(row.ImageId) : null, row.Message,
        "/v2/tasks/" + row.Id, "/v2/schemas/task", row.ImageId, row.RequestId, row.UserId);
}

internal sealed record TaskInput(string ImageId, TaskImportRequest ImportReq)
{
    public static TaskInput From(TaskRow row) => new(row.ImageId, new TaskImportRequest(new TaskMethod(row.Method, row.Source.Length == 0 ? null : row.Source)));
}

internal sealed record TaskImportRequest(TaskMethod Method);

internal sealed record TaskMethod(string Name, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Uri);

internal sealed record TaskResult(string ImageId);

/// <summary>A task in a list, which shows neither input nor result.</summary>
internal sealed record TaskBrief(
    string Id, string Type, string Status, string Owner, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ExpiresAt, string CreatedAt,
    string UpdatedAt, string ImageId, string RequestId, string UserId, string Self, string Schema)
{
    public static TaskBrief From(TaskRow row) => new(
        row.Id, row.Type, row.Status, row.Owner, row.ExpiresAt is { } end ? Micros.ToSecondsZ(end) : null, Micros.ToSecondsZ(row.CreatedAt),
        Micros.ToSecondsZ(row.UpdatedAt), row.ImageId, row.RequestId, row.UserId, "/v2/tasks/" + row.Id, "/v2/schemas/task");
}

internal sealed record TaskList(
    IReadOnlyList<TaskBrief> Tasks, string First, string Schema, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Next);

/// <summary>The tasks of one image.</summary>
internal sealed record ImageTasks(IReadOnlyList<TaskView> Tasks);
