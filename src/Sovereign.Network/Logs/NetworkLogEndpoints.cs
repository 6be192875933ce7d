using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Logs;

internal sealed class NetworkLogEndpoints(KernelServices kernel, NetworkLogService logs)
{
    private static readonly Envelope<NetworkLogBody, NetworkLogWish> envelope = new(NetworkJson.Wire.NetworkLogBody, body => (body.Log, body.Logs));

    public void Map(Routes api)
    {
        new RoomRoutes<NetworkLogRow, NetworkLogView>(api, kernel, NetworkLogService.Room)
            .List().Show().Create(envelope, logs.Create).Update(envelope, logs.Update).Delete(logs.Delete);
        api.Get("/v2.0/log/loggable-resources", "network:loggable_resources:list", _ => Task.FromResult(Answer.Json(
            200, new LoggableResourcesAnswer([new LoggableResourceView(LogTypes.SecurityGroup)]), NetworkJson.Wire.LoggableResourcesAnswer)));
    }
}
