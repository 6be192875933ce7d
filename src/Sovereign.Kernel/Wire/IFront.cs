using Microsoft.AspNetCore.Http;

namespace Sovereign.Kernel.Wire;

/// <summary>A face that stands before the routes of all services: S3 knows its requests by their signature or their host, whatever the path.</summary>
public interface IFront
{
    /// <summary>Whether this request is its own; looked at before any route, so it must be quick.</summary>
    bool Takes(HttpContext http);

    /// <summary>Whether it takes a request whose path no service has.</summary>
    bool TakesUnrouted(HttpContext http);

    /// <summary>Answers the request, its faults too.</summary>
    Task Run(HttpContext http);
}
