namespace Sovereign.Kernel.Wire;

/// <summary>How a service shows itself on the one port.</summary>
/// <param name="Type">Catalog type: "compute".</param>
/// <param name="Name">Catalog name: "nova", what clients of the original expect.</param>
/// <param name="Prefix">Path before every route: "/compute/v2.1".</param>
/// <param name="Dialect">How faults are worded.</param>
/// <param name="Microversions">Null where the service has none.</param>
public sealed record ServiceFace(string Type, string Name, string Prefix, Dialect Dialect, MicroversionTable? Microversions = null)
{
    /// <summary>Largest JSON body, bytes.</summary>
    public int BodyBytesMax { get; init; } = 128 * 1024;

    /// <summary>Whether "/things/" is the path "/things", as for Keystone and Neutron; else it is none.</summary>
    public bool TrailingSlash { get; init; } = true;

    /// <summary>Longest time for one request that is no stream.</summary>
    public TimeSpan RequestTimeMax { get; init; } = TimeSpan.FromSeconds(60);
}
