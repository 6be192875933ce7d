using Sovereign.Kernel.Sources;

namespace Sovereign.Image.Members;

/// <summary>A project that an image is shared with.</summary>
internal sealed record MemberRow
{
    public string ImageId { get; init; } = "";

    public string MemberId { get; init; } = "";

    /// <summary>pending, accepted or rejected: only accepted ones are in the member's lists.</summary>
    public string Status { get; init; } = "pending";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }
}

internal sealed record MemberView(string MemberId, string ImageId, string Status, string CreatedAt, string UpdatedAt, string Schema)
{
    public static MemberView From(MemberRow row) =>
        new(row.MemberId, row.ImageId, row.Status, Micros.ToSecondsZ(row.CreatedAt), Micros.ToSecondsZ(row.UpdatedAt), "/v2/schemas/member");
}

internal sealed record MemberList(IReadOnlyList<MemberView> Members, string Schema);

internal sealed record MemberCreate(string Member);

internal sealed record MemberUpdate(string Status);
