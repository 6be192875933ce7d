using System.Text.Json;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Compute;

/// <summary>Readings of request members that the API gives several forms.</summary>
internal static class Wire
{
    /// <summary>A member that the negotiated version does not know.</summary>
    public static Fault.Invalid Unexpected(string member) =>
        new(member, $"Additional properties are not allowed ('{member}' was unexpected)");

    /// <summary>A boolean or one of the words that the API takes for one; null when it is neither.</summary>
    public static bool? Truth(JsonElement? element, bool otherwise) => Kernel.Wire.Truth.Of(element, otherwise);

    public static bool? Truth(string text) => Kernel.Wire.Truth.Of(text);

    /// <summary>The last part of a reference that may be a URL ("http://…/flavors/1").</summary>
    public static string LastPart(string reference) => reference[(reference.LastIndexOf('/') + 1)..];

    /// <summary>A 404 in the words of the original where these don't follow from kind and id.</summary>
    public static Fault NotFound(string message) => new Fault.NotFound("", "") with { Message = message };
}
