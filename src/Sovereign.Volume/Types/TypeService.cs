using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Types;

/// <summary>Volume types: seen by who may use them, changed by administrators.</summary>
internal sealed class TypeService(KernelServices kernel)
{
    private static readonly string[] locations = ["front-end", "back-end"];

    /// <summary>The type, if the caller may see it.</summary>
    public Outcome<TypeRow> Find(AccessGrant access, string id) => kernel.Database.Read(session =>
        TypeStore.Find(session, id) is { } row && TypeStore.MayUse(session, row, access) ? Outcome.Of(row) : VolumeFaults.Type(id));

    /// <summary>The type that orders have which name none; made at the first start, and later only if somebody deleted it by hand.</summary>
    public static Outcome<Done> MakeDefault(Tx tx, string id)
    {
        if (!tx.First("volume.default-type")) return Done.Value;
        var row = new TypeRow { Id = id, Name = TypeRow.DefaultName, Description = "Default Volume Type", IsPublic = true, CreatedAt = tx.Now };
        if (TypeStore.Insert(tx, row)) tx.Record(TypeRow.Kind, id, null, Change.Created, row.Document(), TypeJson.Wire.TypeDocument);
        return Done.Value;
    }

    public Task<Outcome<TypeRow>> Create(AccessGrant access, TypeWish wish, CancellationToken stop) => kernel.Queue.Write<TypeRow>(
        "volume-type.create",
        access.Origin,
        tx =>
        {
            var read = Read(new TypeRow { Id = kernel.Ids.Uuid(), IsPublic = true, CreatedAt = tx.Now }, wish);
            if (read.Fault is { } wrong) return wrong;
            if (!wish.Name.Given) return Reading.Wrong("name", "None", "'name' is a required property");
            if (!TypeStore.Insert(tx, read.Value)) return new Fault.Conflict($"Volume Type {read.Value.Name} already exists.");
            tx.Record(TypeRow.Kind, read.Value.Id, null, Change.Created, read.Value.Document(), TypeJson.Wire.TypeDocument);
            return read.Value;
        },
        stop);

    public Task<Outcome<TypeRow>> Update(AccessGrant access, string id, TypeWish wish, CancellationToken stop) => Edit(access, id, (tx, row) =>
    {
        if (!wish.Name.Given && !wish.Description.Given && wish.IsPublic is null)
        {
            return new Fault.Invalid("volume_type", "Specify volume type name, description, is_public or a combination thereof.");
        }

        var read = Read(row, wish);
        if (read.Fault is { } wrong) return wrong;
        return TypeStore.NameTaken(tx, read.Value.Name, id) ? new Fault.Conflict($"Volume Type {read.Value.Name} already exists.") : read.Value;
    }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "volume-type.delete",
        access.Origin,
        tx =>
        {
            if (TypeStore.Find(tx, id) is not { } row) return VolumeFaults.Type(id);
            if (row.Name == TypeRow.DefaultName) return new Fault.Invalid("", $"The volume type {id} is a default volume type and cannot be deleted.");
            if (VolumeStore.OfType(tx, id)) return new Fault.Invalid("", "Target volume type is still in use.");
            TypeStore.Delete(tx, id);
            tx.Record(TypeRow.Kind, id, null, Change.Deleted, row.Document(), TypeJson.Wire.TypeDocument);
            return Done.Value;
        },
        stop);

    public Task<Outcome<TypeRow>> SetSpecs(AccessGrant access, string id, IReadOnlyDictionary<string, string?> specs, CancellationToken stop) =>
        Edit(access, id, (_, row) =>
        {
            if (Reading.WrongMetadata("extra_specs", specs) is { } wrong) return wrong;
            var all = row.Specs();
            foreach (var (name, value) in specs) all[name] = value!;
            return row with { ExtraSpecs = VolumeJson.Texts(all) };
        }, stop);

    public Task<Outcome<TypeRow>> DeleteSpec(AccessGrant access, string id, string name, CancellationToken stop) => Edit(access, id, (_, row) =>
    {
        var all = row.Specs();
        if (!all.Remove(name)) return VolumeFaults.Missing($"Volume Type {id} has no extra specs with key {name}.");
        return row with { ExtraSpecs = VolumeJson.Texts(all) };
    }, stop);

    public Task<Outcome<TypeRow>> Encrypt(AccessGrant access, string id, EncryptionWish wish, bool create, CancellationToken stop) => Edit(access, id, (tx, row) =>
    {
        if (create && row.Encrypted) return new Fault.Invalid("", $"Volume type encryption for type {id} already exists.");
        if (!create && !row.Encrypted) return VolumeFaults.Missing($"Volume type encryption for type {id} does not exist.");
        if (VolumeStore.OfType(tx, id)) return new Fault.Invalid("", "Cannot create encryption specs. Volume type in use.");
        return Encryption(tx, row, wish);
    }, stop);

    public Task<Outcome<TypeRow>> Decrypt(AccessGrant access, string id, CancellationToken stop) => Edit(access, id, (tx, row) =>
    {
        if (row.EncryptionId is null) return VolumeFaults.Missing($"Volume type encryption for type {id} does not exist.");
        if (VolumeStore.OfType(tx, id)) return new Fault.Invalid("", "Cannot delete encryption specs. Volume type in use.");
        return row with { EncryptionId = null, Provider = null, Cipher = null, KeySize = null, ControlLocation = null, EncryptionAt = 0 };
    }, stop);

    public Task<Outcome<TypeRow>> ChangeAccess(AccessGrant access, string id, string project, bool add, CancellationToken stop) => Edit(access, id, (tx, row) =>
    {
        if (row.IsPublic) return new Fault.Conflict("Type access modification is not applicable to public volume type.");
        if (add && !TypeStore.AddAccess(tx, id, project)) return new Fault.Conflict($"Volume type access for {id} / {project} combination already exists.");
        if (!add && !TypeStore.RemoveAccess(tx, id, project)) return VolumeFaults.Missing($"Volume type access not found for {id} / {project} combination.");
        return row;
    }, stop);

    /// <summary>Ties QoS specs to the type, or unties them (null).</summary>
    public static void SetQos(Tx tx, TypeRow row, string? qosId) => Save(tx, row with { QosId = qosId });

    public List<string> Projects(string id) => kernel.Database.Read(session => TypeStore.Projects(session, id));

    private Task<Outcome<TypeRow>> Edit(AccessGrant access, string id, Func<Tx, TypeRow, Outcome<TypeRow>> change, CancellationToken stop) => kernel.Queue.Write<TypeRow>(
        "volume-type.update",
        access.Origin,
        tx => TypeStore.Find(tx, id) is not { } row ? VolumeFaults.Type(id) : change(tx, row).Map(next => Save(tx, next)),
        stop);

    private static TypeRow Save(Tx tx, TypeRow row)
    {
        var saved = row with { UpdatedAt = tx.Now };
        TypeStore.Update(tx, saved);
        tx.Record(TypeRow.Kind, row.Id, null, Change.Updated, saved.Document(), TypeJson.Wire.TypeDocument);
        return saved;
    }

    private static Outcome<TypeRow> Read(TypeRow row, TypeWish wish)
    {
        var name = wish.Name.Or(row.Name);
        if (string.IsNullOrWhiteSpace(name)) return Reading.Wrong("name", name ?? "None", "Volume type name can not be empty.");
        if ((Reading.TooLong("name", name) ?? Reading.TooLong("description", wish.Description.Or(row.Description))) is { } wrong) return wrong;
        if (wish.ExtraSpecs is { } specs && Reading.WrongMetadata("extra_specs", specs) is { } spec) return spec;
        var open = Reading.Flag("is_public", wish.IsPublic ?? wish.AccessIsPublic, row.IsPublic);
        return open.Map(isPublic => row with
        {
            Name = name,
            Description = wish.Description.Or(row.Description),
            IsPublic = isPublic,
            ExtraSpecs = wish.ExtraSpecs is null ? row.ExtraSpecs : VolumeJson.Texts(wish.ExtraSpecs.Select(pair => KeyValuePair.Create(pair.Key, pair.Value!))),
        });
    }

    private Outcome<TypeRow> Encryption(Tx tx, TypeRow row, EncryptionWish wish)
    {
        var provider = wish.Provider.Or(row.Provider);
        if (string.IsNullOrEmpty(provider)) return Reading.Wrong("provider", provider ?? "None", "'provider' is a required property");
        var location = wish.ControlLocation.Given ? wish.ControlLocation.Value : row.ControlLocation ?? locations[0];
        if (location is null || !locations.Contains(location))
        {
            return Reading.Wrong("control_location", location ?? "None", $"It is one of {string.Join(", ", locations)}.");
        }

        var size = row.KeySize;
        if (wish.KeySize.Given)
        {
            size = wish.KeySize.Value is null or { ValueKind: JsonValueKind.Null } ? null : Reading.Whole(wish.KeySize.Value);
            if (size is < 0 || (size is null && wish.KeySize.Value is { ValueKind: not JsonValueKind.Null }))
            {
                return Reading.Wrong("key_size", wish.KeySize.Value, "It is a number that is not negative.");
            }
        }

        return row with
        {
            EncryptionId = row.EncryptionId ?? kernel.Ids.Uuid(),
            Provider = provider,
            Cipher = wish.Cipher.Or(row.Cipher),
            KeySize = size,
            ControlLocation = location,
            EncryptionAt = row.EncryptionAt > 0 ? row.EncryptionAt : tx.Now,
        };
    }
}
