using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Keys;

/// <summary>The key that seals all others. It lives outside the database: a file with mode 0600.</summary>
/// <remarks>The file is one key, or after a rotation: the first key, which only hashes and tokens of old are derived from, the current one, and those that
/// something may still be sealed by. Another keeper (TPM2, PKCS#11) would stand in place of <see cref="LoadOrCreate"/>.</remarks>
public sealed class MasterKey
{
    public const int Bytes = 32;
    private readonly Lock changing = new();
    private readonly string? path;
    private volatile Ring ring;

    public MasterKey(byte[] key)
        : this(key, null)
    {
    }

    private MasterKey(byte[] file, string? path)
    {
        if (file.Length == 0 || file.Length % Bytes != 0) throw new ArgumentException($"A master key has {Bytes} bytes.", nameof(file));
        (ring, this.path) = (Ring.Of(file), path);
    }

    /// <summary>True while something may still be sealed by an older key.</summary>
    public bool Rotating => ring.Older.Length > 0;

    /// <summary>Reads the key file, or makes it at first start.</summary>
    public static MasterKey LoadOrCreate(string path, IRandomness randomness)
    {
        if (!File.Exists(path)) Keep(path, randomness.Bytes(Bytes));
        return new MasterKey(File.ReadAllBytes(path), path);
    }

    /// <summary>A key for one purpose, so that no two uses share key material. It outlives rotations: for hashes, not for what is sealed.</summary>
    public byte[] Derive(string purpose) => Derived(ring.First, purpose);

    /// <summary>Another object after each change of the current key.</summary>
    internal object Epoch => ring.Current;

    /// <summary>What a purpose's new things are sealed with now.</summary>
    internal byte[] Current(string purpose) => Derived(ring.Current, purpose);

    /// <summary>What a purpose's things may be sealed with: the current key, then older ones.</summary>
    internal IEnumerable<byte[]> All(string purpose)
    {
        var now = ring;
        return now.Older.Prepend(now.Current).Select(key => Derived(key, purpose));
    }

    /// <summary>Makes a new current key, durable before anything is sealed with it; the older ones stay until <see cref="Forget"/>.</summary>
    internal void Turn(IRandomness randomness)
    {
        lock (changing)
        {
            var next = new Ring(ring.First, randomness.Bytes(Bytes), [ring.Current, .. ring.Older]);
            if (path is not null) Keep(path, next.Kept);
            ring = next;
        }
    }

    /// <summary>Drops the older keys. Only for who has seen that nothing is sealed by them.</summary>
    internal void Forget()
    {
        lock (changing)
        {
            var next = ring with { Older = [] };
            if (path is not null) Keep(path, next.Kept);
            ring = next;
        }
    }

    /// <summary>Another process may have made a new key: reads the file again.</summary>
    internal void Reread()
    {
        if (path is null) return;
        lock (changing)
        {
            var read = File.ReadAllBytes(path);
            // The same ring stays the same object: what is prepared from it stays in use.
            if (!CryptographicOperations.FixedTimeEquals(read, ring.Kept)) ring = Ring.Of(read);
        }
    }

    public override string ToString() => "***";

    private static byte[] Derived(byte[] key, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Bytes, info: Encoding.UTF8.GetBytes("sovereign:" + purpose));

    /// <summary>In place of the old file in one step, so that a crash leaves either.</summary>
    private static void Keep(string path, byte[] content)
    {
        var beside = path + ".new";
        File.Delete(beside);
        using (var file = new FileStream(beside, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
        DirectorySync.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    private sealed record Ring(byte[] First, byte[] Current, byte[][] Older)
    {
        public static Ring Of(byte[] file)
        {
            var keys = file.Chunk(Bytes).ToArray();
            return keys.Length == 1 ? new Ring(keys[0], keys[0], []) : new Ring(keys[0], keys[1], keys[2..]);
        }

        /// <summary>As the file has it; the first form, of one key, is that of a cloud whose key never changed.</summary>
        public byte[] Kept => ReferenceEquals(First, Current) ? First : [.. First, .. Current, .. Older.SelectMany(key => key)];
    }
}
