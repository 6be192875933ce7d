namespace Sovereign.Node.Contract;

/// <summary>A domain that comes from another node while it runs. What comes waits here and never runs by itself: it does when the manifest says that it is this
/// node's.</summary>
/// <param name="Migration">Id of the migration, and of the departure on the other node.</param>
/// <param name="Key">What the other node shows at the door: 32 random bytes in hexadecimal digits, made for this migration alone.</param>
public sealed record ArrivalSpec(string Migration, string Key)
{
    /// <summary>True: the domain is this node's now. What arrived goes on, and nothing is made in its place.</summary>
    public bool Here { get; init; }
}

/// <summary>Where a node takes a domain in, as it says itself.</summary>
/// <param name="Certificate">SHA-256 of the certificate that it shows there, 64 hexadecimal digits.</param>
public sealed record DoorSpec(string Address, int Port, string Certificate)
{
    private const int DigestDigits = 64;

    public string Text => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Address} {Port} {Certificate}");

    /// <summary>Null when the text is no door.</summary>
    public static DoorSpec? Parse(string? text)
    {
        var parts = text?.Split(' ') ?? [];
        return parts is [var address, var port, { Length: DigestDigits } digest] && System.Net.IPAddress.TryParse(address, out _)
            && int.TryParse(port, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536
            && digest.All(char.IsAsciiHexDigitLower) ? new DoorSpec(address, number, digest) : null;
    }
}

/// <summary>A running domain leaves for another node. It is observed as <see cref="ItemState.Departed"/> when it has left and runs here no more, as
/// <see cref="ItemState.Error"/> when it could not and goes on here, as <see cref="ItemState.Present"/> when it goes on here because it is to stay.</summary>
/// <param name="Id">Id of the migration.</param>
/// <param name="Door">Where it goes; null where it is to stay.</param>
/// <param name="Key">As in the <see cref="ArrivalSpec"/>.</param>
public sealed record DepartureSpec(string Id, string DomainId, DoorSpec? Door, string Key)
{
    /// <summary>True: the guest may stand still for as long as the rest of its memory takes.</summary>
    public bool Force { get; init; }

    /// <summary>True: it stays. Once this is said the other node never gets it: one that has left already goes on here.</summary>
    public bool Stay { get; init; }
}

/// <summary>How far a domain's way to another node is, in bytes.</summary>
public sealed record MoveProgress(long MemoryTotal, long MemoryDone, long MemoryLeft, long DiskTotal, long DiskDone, long DiskLeft);
