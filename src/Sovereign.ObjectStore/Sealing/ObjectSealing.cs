using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Settings;

namespace Sovereign.ObjectStore.Sealing;

/// <summary>How a request wants its bytes encrypted at rest.</summary>
/// <param name="CustomerKey">Of the request (SSE-C); null: a key of the cloud (SSE-S3).</param>
/// <param name="CustomerKeyMd5">Base64, kept to tell a wrong key from a right one.</param>
internal sealed record SealWish(byte[]? CustomerKey, string? CustomerKeyMd5);

/// <summary>Server-side encryption ("Protecting data with server-side encryption"): by a key of its own for each content, sealed by the key of the bucket's project,
/// or by a key that
/// the client brings with each request and that is never kept. Kept in rows as "S3 owner content sealed-key" or "C md5".</summary>
internal sealed class ObjectSealing(KernelServices kernel, ContentKeeper keeper)
{
    private const string Header = "x-amz-server-side-encryption";
    private const string CustomerPrefix = Header + "-customer-";
    private const string SourcePrefix = "x-amz-copy-source-server-side-encryption-customer-";
    private const string OwnKind = "S3";
    private const string CustomerKind = "C";

    /// <summary>What the headers of a request or the bucket's default want; null: bytes are stored as they come.</summary>
    public Outcome<SealWish?> Wish(S3Call call)
    {
        var customer = Customer(call, CustomerPrefix);
        if (customer.Fault is not null || customer.Value is not null) return customer;
        return call.Header(Header) switch
        {
            null => Outcome.Of(kernel.Database.Read(session => EncryptionDefault.IsOn(BucketStore.Setting(session, call.Bucket.Number, SettingNames.Encryption)))
                ? new SealWish(null, null) : null),
            EncryptionDefault.Algorithm => Outcome.Of<SealWish?>(new SealWish(null, null)),
            "aws:kms" or "aws:kms:dsse" => S3Faults.NotImplemented("Encryption with keys of a KMS"),
            _ => S3Faults.InvalidArgument("The encryption method specified is not supported"),
        };
    }

    /// <summary>The key of one content that is to be written.</summary>
    public byte[]? NewKey(SealWish? wish) => wish is { CustomerKey: null } ? kernel.Randomness.Bytes(MasterKey.Bytes) : null;

    /// <summary>What stands between the body and the disk; null: nothing.</summary>
    public Func<IContentDraft, string, IContentDraft>? Seal(SealWish? wish, byte[]? newKey) => wish is null
        ? null : (draft, name) => new SealedDraft(draft, newKey ?? OfCustomer(wish.CustomerKey!, name), name, kernel.Randomness);

    /// <summary>What a row keeps of how its content is encrypted.</summary>
    public string? Kept(Tx tx, SealWish? wish, byte[]? newKey, string projectId, string? content) => wish is null || content is null ? null
        : newKey is null ? $"{CustomerKind} {wish.CustomerKeyMd5}"
        : $"{OwnKind} {projectId} {content} {Convert.ToBase64String(kernel.Keys.Seal(tx, projectId, newKey, Context(content)))}";

    /// <summary>The same content's key, sealed for another project; null when it can't be opened.</summary>
    public string? Resealed(Tx tx, string kept, string projectId)
    {
        var parts = kept.Split(' ');
        if (parts[1] == projectId) return kept;
        return kernel.Keys.Open(tx, parts[1], Convert.FromBase64String(parts[3]), Context(parts[2])) is { } key
            ? Kept(tx, new SealWish(null, null), key, projectId, parts[2]) : null;
    }

    public static bool IsCustomers(string? kept) => kept?.StartsWith(CustomerKind + " ", StringComparison.Ordinal) == true;

    /// <summary>How the pieces of an object are opened with what a request brings; a fault when it brings the wrong key, or none.</summary>
    /// <param name="asSource">The request copies from it: its headers for that have a prefix of their own.</param>
    public Outcome<Func<Segment, long, long, Stream>> Opener(S3Call call, IReadOnlyList<Segment> segments, bool asSource = false)
    {
        var customer = Customer(call, asSource ? SourcePrefix : CustomerPrefix);
        if (customer.Fault is { } wrong) return wrong;
        var md5 = segments.Select(segment => segment.Sealing).FirstOrDefault(IsCustomers)?[(CustomerKind.Length + 1)..];
        if (md5 is not null && customer.Value is null)
        {
            return S3Faults.InvalidRequest("The object was stored using a form of Server Side Encryption. "
                + "The correct parameters must be provided to retrieve the object.");
        }

        if (md5 is not null && customer.Value!.CustomerKeyMd5 != md5) return S3Faults.AccessDenied;
        if (md5 is null && customer.Value is not null && segments.Any(segment => segment.Content is not null))
        {
            return S3Faults.InvalidRequest("The encryption parameters are not applicable to this object.");
        }

        return Outcome.Of<Func<Segment, long, long, Stream>>((segment, from, count) => Open(segment, from, count, customer.Value?.CustomerKey));
    }

    /// <summary>Opens a piece with what the cloud has itself.</summary>
    /// <exception cref="IOException">It is encrypted with a customer's key.</exception>
    public Stream OpenOwn(Segment segment, long from, long count) => IsCustomers(segment.Sealing)
        ? throw new IOException("The object is encrypted with a key of its customer.") : Open(segment, from, count, null);

    /// <summary>Tells how an object is encrypted.</summary>
    public static S3Answer Tell(S3Answer answer, string? kept) => kept is null ? answer
        : IsCustomers(kept)
            ? answer.With(CustomerPrefix + "algorithm", EncryptionDefault.Algorithm).With(CustomerPrefix + "key-MD5", kept[(CustomerKind.Length + 1)..])
            : answer.With(Header, EncryptionDefault.Algorithm);

    private Stream Open(Segment segment, long from, long count, byte[]? customerKey)
    {
        if (segment.Sealing is null) return keeper.Open(segment.Content!, from, count);
        var key = IsCustomers(segment.Sealing) ? OfCustomer(customerKey!, segment.Content!) : Own(segment);
        return new SealedBytes.OpenedStream(
            keeper.Open(segment.Content!, SealedBytes.PlaceOf(from), long.MaxValue), key, segment.Content!, from,
            () => new IOException($"The content {segment.Content} was changed in the store."));
    }

    private byte[] Own(Segment segment)
    {
        var parts = segment.Sealing!.Split(' ');
        return kernel.Database.Read(session => kernel.Keys.Open(session, parts[1], Convert.FromBase64String(parts[3]), Context(parts[2])))
            ?? throw new IOException($"The key of content {segment.Content} was destroyed.");
    }

    private static Outcome<SealWish?> Customer(S3Call call, string prefix)
    {
        var (algorithm, key, md5) = (call.Header(prefix + "algorithm"), call.Header(prefix + "key"), call.Header(prefix + "key-MD5"));
        if (algorithm is null && key is null && md5 is null) return Outcome.Of<SealWish?>(null);
        if (algorithm != EncryptionDefault.Algorithm)
            return S3Faults.InvalidArgument("Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.");
        if (!call.Request.Http.Request.IsHttps && !call.Request.Http.Request.Host.Host.Contains("localhost", StringComparison.Ordinal))
        {
            return S3Faults.InvalidRequest("Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.");
        }

        if (S3Call.Base64(key ?? "") is not { Length: MasterKey.Bytes } bytes) return S3Faults.InvalidArgument("The secret key was invalid for the specified algorithm.");
#pragma warning disable CA5351 // The API names the key by its MD5.
        var own = Convert.ToBase64String(MD5.HashData(bytes));
#pragma warning restore CA5351
        return md5 is not null && md5 != own ? S3Faults.InvalidArgument("The calculated MD5 hash of the key did not match the hash that was provided.")
            : Outcome.Of<SealWish?>(new SealWish(bytes, own));
    }

    /// <summary>The customer's key seals many contents: each has one of its own that follows from it.</summary>
    private static byte[] OfCustomer(byte[] customerKey, string content) => HMACSHA256.HashData(customerKey, Encoding.UTF8.GetBytes("object " + content));

    private static string Context(string content) => "object/" + content;

    private sealed class SealedDraft(IContentDraft draft, byte[] key, string name, IRandomness randomness) : IContentDraft
    {
        private readonly SealedBytes.Writer writer = new(draft.Write, key, name, randomness);

        public async ValueTask Write(ReadOnlyMemory<byte> bytes, CancellationToken stop) => await writer.Write(bytes, stop);

        /// <summary>The last piece is written when no more can come.</summary>
        public async Task Flush(CancellationToken stop)
        {
            await writer.Finish(stop);
            await draft.Flush(stop);
        }

        public void Dispose() => draft.Dispose();
    }
}
