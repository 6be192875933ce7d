using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SegmentRanges;

internal sealed class SegmentRangeEndpoints(KernelServices kernel, SegmentRangeService ranges)
{
    private static readonly Envelope<SegmentRangeBody, SegmentRangeWish> envelope = new(
        NetworkJson.Wire.SegmentRangeBody, body => (body.NetworkSegmentRange, body.NetworkSegmentRanges));

    public void Map(Routes api) => new RoomRoutes<SegmentRangeRow, SegmentRangeView>(api, kernel, SegmentRangeService.Room)
        .List().Show().Create(envelope, ranges.Create).Update(envelope, SegmentRangeService.Update).Delete(ranges.Delete);
}
