namespace Sovereign.Kernel.Outcomes;

/// <summary>An expected failure. Each API's dialect turns it into a status and a body; causes are logged, never sent.</summary>
public abstract record Fault(string Message)
{
    /// <summary>The field's own name of this failure where an API has one (Neutron's "IpAddressInUse"); null: derived from the kind.</summary>
    public string? Type { get; init; }

    /// <summary>404: no such thing, or the caller may not know that it exists.</summary>
    public sealed record NotFound(string Kind, string Id) : Fault($"{Kind} {Id} could not be found.");

    /// <summary>409: the state of the resource does not allow this now.</summary>
    public sealed record Conflict(string Message) : Fault(Message);

    /// <summary>400: a member of the request is wrong; <paramref name="Field"/> is its path.</summary>
    public sealed record Invalid(string Field, string Message) : Fault(Message);

    /// <summary>401: no valid token or credentials.</summary>
    public sealed record Unauthorized(string Message) : Fault(Message);

    /// <summary>403: the caller is known and may not do this.</summary>
    public sealed record Forbidden(string Message) : Fault(Message);

    /// <summary>403, 409 or 413 by dialect: the project's limit is reached.</summary>
    public sealed record OverQuota(string Resource, long Limit, long Used, long Requested)
        : Fault($"Quota exceeded for {Resource}: Requested {Requested}, but already used {Used} of {Limit} {Resource}.");

    /// <summary>406: no representation or microversion that the client accepts.</summary>
    public sealed record NotAcceptable(string Message) : Fault(Message);

    /// <summary>412: a condition of the request does not hold.</summary>
    public sealed record PreconditionFailed(string Message) : Fault(Message);

    /// <summary>413: the body or a value is larger than the limit.</summary>
    public sealed record TooLarge(string Message) : Fault(Message);

    /// <summary>415: the body's media type is not one that this route reads.</summary>
    public sealed record UnsupportedMedia(string Message) : Fault(Message);

    /// <summary>410: it was here and is gone for good.</summary>
    public sealed record Gone(string Message) : Fault(Message);

    /// <summary>501: the API knows it, and this cloud does not do it.</summary>
    public sealed record NotImplemented(string Message) : Fault(Message);

    /// <summary>503: a part of the cloud can't be reached now; trying again later may help.</summary>
    public sealed record Unavailable(string Message) : Fault(Message);
}
