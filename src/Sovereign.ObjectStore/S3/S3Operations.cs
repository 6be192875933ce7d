using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Settings;

namespace Sovereign.ObjectStore.S3;

/// <summary>What a request addresses.</summary>
internal enum S3Level
{
    Service,
    Bucket,
    Object,
}

/// <summary>One operation of the API: how a request names it, what it is called in policies, and what it does.</summary>
/// <param name="Names">Query parameters that must be there; "name=value" for one value alone.</param>
/// <param name="Action">Its name in policies: "s3:GetObject"; "" where nothing is asked of the bucket.</param>
internal sealed record S3Operation(string Method, S3Level Level, string[] Names, string Action, Func<S3Call, Task<Outcome<S3Answer>>> Run)
{
    public bool IsNamedBy(S3Request request, S3Level level)
    {
        if (Level != level || Method != request.Method) return false;
        foreach (var name in Names)
        {
            var equals = name.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 ? !request.Has(name) : request.Parameter(name[..equals]) != name[(equals + 1)..]) return false;
        }

        return true;
    }
}

/// <summary>All operations as one table; the first that a request names is it.</summary>
internal sealed class S3Operations(Gate gate, CorsOperations cors, IReadOnlyList<S3Operation> table)
{
    public async Task<Outcome<S3Answer>> Run(S3Call call)
    {
        var request = call.Request;
        var level = request.Bucket.Length == 0 ? S3Level.Service : request.Key.Length == 0 ? S3Level.Bucket : S3Level.Object;
        var operation = table.FirstOrDefault(known => known.IsNamedBy(request, level));
        if (operation is null) return S3Faults.MethodNotAllowed;
        if (operation.Action.Length > 0 && gate.Enter(call, operation.Action).Fault is { } refused) return refused;
        return await operation.Run(call);
    }

    /// <summary>Adds what the bucket's CORS rules say for the request's origin.</summary>
    public S3Answer Dressed(S3Call call, S3Answer answer) => cors.Dressed(call, answer);
}
