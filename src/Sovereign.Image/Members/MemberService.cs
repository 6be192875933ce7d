using Sovereign.Image.Images;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Members;

/// <summary>Sharing: the owner offers, the member accepts or rejects.</summary>
internal sealed class MemberService(KernelServices kernel)
{
    private const int MembersMax = 128;

    /// <summary>The owner sees all members, a member itself.</summary>
    public Outcome<IReadOnlyList<MemberRow>> List(AccessGrant access, string imageId) => kernel.Database.Read(session =>
        ImageLookup.Visible(session, access, imageId).Then<IReadOnlyList<MemberRow>>(image =>
        {
            if (image.Visibility != "shared") return new Fault.Forbidden($"Only shared images have members.");
            var all = session.Query<MemberRow>("SELECT * FROM image_members WHERE image_id = @imageId ORDER BY created_at, member_id", new { imageId });
            return access.Covers(image.Owner) ? all : all.FindAll(member => member.MemberId == access.Caller.ProjectId);
        }));

    public Outcome<MemberRow> Show(AccessGrant access, string imageId, string memberId) => List(access, imageId).Then<MemberRow>(members =>
        members.FirstOrDefault(member => member.MemberId == memberId) is { } found ? found : Missing(imageId, memberId));

    public Task<Outcome<MemberRow>> Create(AccessGrant access, string imageId, string memberId, CancellationToken stop)
    {
        if (memberId.Length is 0 or > ImageRow.NameLengthMax || memberId.Contains('\0', StringComparison.Ordinal)) return Task.FromResult<Outcome<MemberRow>>(new Fault.Invalid("member", "Member can't be empty and has at most 255 characters."));
        return Change(access, imageId, (tx, image) =>
        {
            if (!access.Covers(image.Owner)) return new Fault.Forbidden("You are not permitted to create members for the image.");
            if (image.Visibility != "shared") return new Fault.Forbidden("Only shared images have members.");
            if (tx.Scalar<long>("SELECT COUNT(*) FROM image_members WHERE image_id = @imageId", new { imageId }) >= MembersMax)
            {
                return new Fault.TooLarge($"The limit has been exceeded on the number of allowed image members for this image. Maximum: {MembersMax}");
            }

            var row = new MemberRow { ImageId = imageId, MemberId = memberId, CreatedAt = tx.Now, UpdatedAt = tx.Now };
            return tx.Execute(
                "INSERT INTO image_members (image_id, member_id, status, created_at, updated_at) VALUES (@ImageId, @MemberId, @Status, @CreatedAt, @UpdatedAt) ON CONFLICT DO NOTHING",
                row) == 1
                ? row
                : new Fault.Conflict($"Image member {memberId} already exists for image {imageId}.");
        }, Kernel.Journal.Change.Created, stop);
    }

    /// <summary>Only the member itself says whether it wants the image.</summary>
    public Task<Outcome<MemberRow>> Update(AccessGrant access, string imageId, string memberId, string status, CancellationToken stop)
    {
        if (status is not ("pending" or "accepted" or "rejected")) return Task.FromResult<Outcome<MemberRow>>(new Fault.Invalid("status", "Status must be \"pending\", \"accepted\" or \"rejected\"."));
        return Change(access, imageId, (tx, image) =>
        {
            var row = Find(tx, imageId, memberId);
            var mine = access.Everything || access.Caller.ProjectId == memberId;
            if (row is null || (!mine && !access.Covers(image.Owner))) return Missing(imageId, memberId);
            if (!mine) return new Fault.Forbidden("You are not permitted to modify 'status' on this image member.");
            tx.Execute(
                "UPDATE image_members SET status = @status, updated_at = @now WHERE image_id = @imageId AND member_id = @memberId", new { status, imageId, memberId, now = tx.Now });
            return row with { Status = status, UpdatedAt = tx.Now };
        }, Kernel.Journal.Change.Updated, stop);
    }

    public Task<Outcome<MemberRow>> Delete(AccessGrant access, string imageId, string memberId, CancellationToken stop) => Change(access, imageId, (tx, image) =>
    {
        if (!access.Covers(image.Owner)) return new Fault.Forbidden("You cannot delete image member.");
        if (Find(tx, imageId, memberId) is not { } row) return Missing(imageId, memberId);
        tx.Execute("DELETE FROM image_members WHERE image_id = @imageId AND member_id = @memberId", new { imageId, memberId });
        return row;
    }, Kernel.Journal.Change.Deleted, stop);

    private Task<Outcome<MemberRow>> Change(
        AccessGrant access, string imageId, Func<Tx, ImageRow, Outcome<MemberRow>> body, Change change, CancellationToken stop) => kernel.Queue.Write<MemberRow>(
        "image-member.change",
        access.Origin,
        tx =>
        {
            var found = ImageLookup.Visible(tx, access, imageId);
            if (found.Fault is { } missing) return missing;
            var row = body(tx, found.Value);
            if (row.Ok) tx.Record("image_member", $"{imageId}/{row.Value.MemberId}", found.Value.Owner, change, MemberView.From(row.Value), ImageJson.Wire.MemberView);
            return row;
        },
        stop);

    private static MemberRow? Find(Session session, string imageId, string memberId) =>
        session.FirstOrDefault<MemberRow>("SELECT * FROM image_members WHERE image_id = @imageId AND member_id = @memberId", new { imageId, memberId });

    private static Fault.NotFound Missing(string imageId, string memberId) =>
        new("image member", memberId) { Message = $"{memberId} not found in the member list of the image {imageId}." };
}
