using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager.Containers;
using Sovereign.KeyManager.Secrets;

namespace Sovereign.KeyManager.Orders;

/// <summary>Makes what was ordered: the key in memory, then its secrets, their container and the order's end in one transaction.</summary>
internal sealed class OrderReconciler(KernelServices kernel, SecretService secrets, ContainerService containers) : IReconciler
{
    private const int ReasonLengthMax = 255;
    private const int PassphraseRounds = 100_000;
    private static readonly int[] rsaBits = [1024, 2048, 3072, 4096];

    /// <summary>By algorithm the lengths in bits that a key of it may have.</summary>
    private static readonly Dictionary<string, int[]> symmetric = new(StringComparer.OrdinalIgnoreCase)
    {
        ["aes"] = [128, 192, 256, 512], ["des"] = [56, 64], ["3des"] = [64, 128, 192], ["desede"] = [64, 128, 192], ["hmacsha1"] = [64, 128, 160, 192, 256, 384, 512],
        ["hmacsha256"] = [64, 128, 192, 256, 384, 512], ["hmacsha384"] = [64, 128, 192, 256, 384, 512], ["hmacsha512"] = [64, 128, 192, 256, 384, 512],
    };

    public string Kind => OrderRow.Kind;

    public static string Passphrases(string id) => "key-order/" + id;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var found = kernel.Database.Read(session => OrderStore.Find(session, id) is { Status: OrderRow.Pending } order ? (order, Passphrase(session, order)) : default);
        if (found.order is not { } row) return Progress.Done;
        var wish = Wish(row);
        var done = Unsupported(row, wish) is { } unsupported
            ? await End(row.Id, "400", unsupported, stop)
            : row.Type == OrderRow.Key
                ? await Key(row, wish, stop)
                : await Pair(row, wish, found.Item2, stop);
        return done.Fault is Fault.OverQuota over ? Ended(await End(row.Id, "403", over.Message, stop)) : Ended(done);
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => End(id, "500", fault.Message, stop);

    /// <summary>The order's meta as the secret that it asks for.</summary>
    public static SecretWish Wish(OrderRow row) => JsonSerializer.Deserialize(row.Meta, SecretJson.Wire.SecretWish)!;

    private static Progress Ended(Outcome<Done> done) => done.Fault is { } fault ? new Progress.Failed(fault) : Progress.Done;

    private byte[]? Passphrase(Session session, OrderRow row) =>
        row.Passphrase is null ? null : kernel.Keys.Open(session, row.ProjectId, row.Passphrase, Passphrases(row.Id));

    private static string? Unsupported(OrderRow row, SecretWish wish)
    {
        var bits = (int)(wish.BitLength ?? 0);
        var can = row.Type == OrderRow.Key
            ? symmetric.TryGetValue(wish.Algorithm ?? "", out var lengths) && lengths.Contains(bits)
            : string.Equals(wish.Algorithm, "rsa", StringComparison.OrdinalIgnoreCase) && rsaBits.Contains(bits);
        return can ? null : string.Create(
            CultureInfo.InvariantCulture, $"Process TypeOrder failure seen - keys of algorithm '{wish.Algorithm}' with {bits} bits can't be generated here.");
    }

    private Task<Outcome<Done>> Key(OrderRow row, SecretWish wish, CancellationToken stop)
    {
        var key = kernel.Randomness.Bytes((int)(wish.BitLength!.Value / 8));
        return Settle(row, (tx, order) => Made(tx, order, wish, "symmetric", wish.Name, key).Map(secret => order with { SecretId = secret.Id }), stop);
    }

    private Task<Outcome<Done>> Pair(OrderRow row, SecretWish wish, byte[]? passphrase, CancellationToken stop)
    {
        using var rsa = RSA.Create((int)wish.BitLength!.Value);
        var publicKey = Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem());
        var privateKey = Encoding.ASCII.GetBytes(passphrase is null
            ? rsa.ExportPkcs8PrivateKeyPem()
            : rsa.ExportEncryptedPkcs8PrivateKeyPem(
                Encoding.UTF8.GetString(passphrase), new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, PassphraseRounds)));
        return Settle(row, (tx, order) =>
        {
            var parts = new List<ContainedWish>();
            foreach (var (name, type, bytes) in new[]
            {
                ("private_key", "private", privateKey), ("public_key", "public", publicKey), ("private_key_passphrase", "passphrase", passphrase),
            })
            {
                if (bytes is null) continue;
                var made = Made(tx, order, wish, type, null, bytes);
                if (made.Fault is { } fault) return fault;
                parts.Add(new ContainedWish(made.Value.Id, name));
            }

            return containers.Create(
                tx, new ContainerRow { ProjectId = order.ProjectId, CreatorId = order.CreatorId, Name = wish.Name, Type = ContainerRow.Rsa }, parts)
                .Map(container => order with { ContainerId = container.Id });
        }, stop);
    }

    private Outcome<SecretRow> Made(Tx tx, OrderRow order, SecretWish wish, string type, string? name, byte[] payload) =>
        secrets.Create(tx, new SecretRow
        {
            ProjectId = order.ProjectId, CreatorId = order.CreatorId, Name = name, SecretType = type,
            Algorithm = type == "passphrase" ? null : wish.Algorithm, BitLength = type == "passphrase" ? null : wish.BitLength, Mode = wish.Mode,
            ExpiresAt = string.IsNullOrWhiteSpace(wish.Expiration) ? null : SecretQuery.Time(wish.Expiration),
            ContentType = type == "passphrase" ? PayloadTypes.Text : PayloadTypes.Plain(wish.PayloadContentType ?? "") ?? PayloadTypes.Binary,
        }, payload);

    private Task<Outcome<Done>> End(string id, string code, string reason, CancellationToken stop) => kernel.Queue.Write<Done>("key-order.fail", Origin.System, tx =>
    {
        if (OrderStore.Find(tx, id) is not { Status: OrderRow.Pending } row) return Done.Value;
        return Settled(tx, row with
        {
            Status = OrderRow.Failed,
            ErrorStatusCode = code,
            ErrorReason = reason.Length > ReasonLengthMax ? reason[..ReasonLengthMax] : reason,
        });
    }, stop);

    private Task<Outcome<Done>> Settle(OrderRow row, Func<Tx, OrderRow, Outcome<OrderRow>> make, CancellationToken stop) =>
        kernel.Queue.Write<Done>("key-order.settle", Origin.System with { ProjectId = row.ProjectId }, tx =>
        {
            // Deleted, or settled by another process: nothing is made.
            if (OrderStore.Find(tx, row.Id) is not { Status: OrderRow.Pending } now) return Done.Value;
            return make(tx, now).Then(made => Settled(tx, made with { Status = OrderRow.Active }));
        }, stop);

    private static Outcome<Done> Settled(Tx tx, OrderRow row)
    {
        row = row with { UpdatedAt = tx.Now, Passphrase = null };
        if (OrderStore.Settle(tx, row)) tx.Record(OrderRow.Kind, row.Id, row.ProjectId, Change.Updated, row.Document(), OrderJson.Wire.OrderDocument);
        return Done.Value;
    }
}
