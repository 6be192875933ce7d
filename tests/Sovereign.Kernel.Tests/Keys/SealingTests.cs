using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Testing.Sources;
using Xunit;

namespace Sovereign.Kernel.Tests.Keys;

public sealed class SealingTests
{
    private readonly SeededSource source = new(3);

    [Fact]
    public void Whatever_was_sealed_opens_with_the_same_key_and_context()
    {
        for (var round = 0; round < 500; round++)
        {
            var (key, plain, context) = (Bytes(32), Bytes(source.Below(3_000)), Bytes(source.Below(60)));
            var sealedBytes = Sealing.Seal(key, plain, context, source);
            Assert.Equal(plain.Length + Sealing.OverheadBytes, sealedBytes.Length);
            Assert.Equal(plain, Sealing.Open(key, sealedBytes, context));
        }
    }

    [Fact]
    public void Sealing_the_same_twice_shows_nothing_of_it()
    {
        var (key, plain) = (Bytes(32), Bytes(64));
        Assert.NotEqual(Sealing.Seal(key, plain, [], source), Sealing.Seal(key, plain, [], source));
    }

    [Fact]
    public void A_single_changed_bit_anywhere_is_refused()
    {
        var (key, context) = (Bytes(32), "port-1"u8.ToArray());
        var sealedBytes = Sealing.Seal(key, Bytes(40), context, source);
        for (var i = 0; i < sealedBytes.Length * 8; i++)
        {
            var forged = sealedBytes.ToArray();
            forged[i / 8] ^= (byte)(1 << (i % 8));
            Assert.Null(Sealing.Open(key, forged, context));
        }
    }

    [Fact]
    public void Cut_lengthened_and_empty_bytes_are_refused()
    {
        var key = Bytes(32);
        var sealedBytes = Sealing.Seal(key, Bytes(10), [], source);
        for (var length = 0; length < sealedBytes.Length; length++) Assert.Null(Sealing.Open(key, sealedBytes.AsSpan(0, length), []));
        Assert.Null(Sealing.Open(key, [.. sealedBytes, 0], []));
    }

    [Fact]
    public void Another_context_or_another_key_is_refused()
    {
        var key = Bytes(32);
        var sealedBytes = Sealing.Seal(key, Bytes(10), "row-a"u8, source);
        Assert.Null(Sealing.Open(key, sealedBytes, "row-b"u8));
        Assert.Null(Sealing.Open(key, sealedBytes, []));
        Assert.Null(Sealing.Open(Bytes(32), sealedBytes, "row-a"u8));
    }

    [Fact]
    public void A_key_for_one_purpose_is_not_the_key_for_another()
    {
        var master = new MasterKey(Bytes(MasterKey.Bytes));
        Assert.Equal(master.Derive("tokens"), master.Derive("tokens"));
        Assert.NotEqual(master.Derive("tokens"), master.Derive("project-keys"));
        Assert.Equal("***", master.ToString());
        Assert.Throws<ArgumentException>(() => new MasterKey(new byte[31]));
    }

    [Fact]
    public void A_key_file_is_made_once_and_only_its_owner_may_read_it()
    {
        var directory = Directory.CreateTempSubdirectory("sovereign-key-").FullName;
        try
        {
            var path = Path.Combine(directory, "master.key");
            var first = MasterKey.LoadOrCreate(path, source);
            var second = MasterKey.LoadOrCreate(path, source);
            Assert.Equal(first.Derive("x"), second.Derive("x"));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal([path], Directory.GetFiles(directory));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private byte[] Bytes(int count) => ((IRandomness)source).Bytes(count);
}
