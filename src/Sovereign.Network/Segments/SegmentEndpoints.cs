using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Segments;

internal sealed class SegmentEndpoints(KernelServices kernel, SegmentService segments)
{
    private static readonly Envelope<SegmentBody, SegmentWish> envelope = new(NetworkJson.Wire.SegmentBody, body => (body.Segment, body.Segments));

    public void Map(Routes api) => new RoomRoutes<SegmentRow, SegmentView>(api, kernel, SegmentService.Room)
        .List().Show().Create(envelope, segments.Create).Update(envelope, SegmentService.Update).Delete(segments.Delete);
}
