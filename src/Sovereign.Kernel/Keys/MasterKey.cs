using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel.Sources;

namespace Sovereign.Kernel.Keys;

/// <summary>The key that seals all others. It lives outside the database: a file with mode 0600 (TPM2 or PKCS#11 by configuration later).</summary>
public sealed class MasterKey
{
    public const int Bytes = 32;
    private readonly byte[] key;

    public MasterKey(byte[] key)
    {
        if (key.Length != Bytes) throw new ArgumentException($"A master key has {Bytes} bytes.", nameof(key));
        this.key = key;
    }

    /// <summary>Reads the key file, or makes it at first start.</summary>
    public static MasterKey LoadOrCreate(string path, IRandomness randomness)
    {
        if (!File.Exists(path))
        {
            var beside = path + ".new";
            using (var file = new FileStream(beside, new FileStreamOptions
            {
                Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                file.Write(randomness.Bytes(Bytes));
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path);
        }

        return new MasterKey(File.ReadAllBytes(path));
    }

    /// <summary>A key for one purpose, so that no two uses share key material.</summary>
    public byte[] Derive(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Bytes, info: Encoding.UTF8.GetBytes("sovereign:" + purpose));

    public override string ToString() => "***";
}
