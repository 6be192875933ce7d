using System.Text;
using Sovereign.Image.Inspection;
using Sovereign.Kernel.Outcomes;
using Xunit;

namespace Sovereign.Image.Tests;

public sealed class InspectionTests
{
    [Theory]
    [InlineData(2U)]
    [InlineData(3U)]
    public void A_plain_qcow2_image_tells_its_virtual_size(uint version) =>
        Assert.Equal(32L << 20, Inspect("qcow2", TestImages.Qcow2(version: version)).Value);

    public static TheoryData<string, Action<byte[]>> Bad => new()
    {
        { "backing file", file => { TestImages.Put64(file, 8, 200); TestImages.Put32(file, 16, 11); } },
        { "backing file", file => TestImages.Put64(file, 8, 200) },
        { "backing file", file => TestImages.Put32(file, 16, 11) },
        { "external data file", file => TestImages.Put64(file, 72, 4) },
        { "names an external data file", file => { TestImages.Put32(file, 104, 0x44415441); TestImages.Put32(file, 108, 8); } },
        { "names an external data file", file =>
            {
                TestImages.Put32(file, 104, 0x6803f857);
                TestImages.Put32(file, 108, 5);
                TestImages.Put32(file, 120, 0x44415441);
            }
        },
        { "encrypted", file => TestImages.Put32(file, 32, 2) },
        { "encrypted", file => { TestImages.Put32(file, 104, 0x0537be77); TestImages.Put32(file, 108, 16); } },
        { "unknown incompatible features", file => TestImages.Put64(file, 72, 1UL << 40) },
        { "corrupt", file => TestImages.Put64(file, 72, 2) },
        { "larger than", file => TestImages.Put64(file, 24, (10UL << 40) + 1) },
        { "larger than", file => TestImages.Put64(file, 24, ulong.MaxValue) },
        { "clusters", file => TestImages.Put32(file, 20, 22) },
        { "clusters", file => TestImages.Put32(file, 20, 8) },
        { "clusters", file => TestImages.Put32(file, 20, uint.MaxValue) },
        { "version", file => TestImages.Put32(file, 4, 4) },
        { "header of", file => TestImages.Put32(file, 100, 100) },
        { "header of", file => TestImages.Put32(file, 100, uint.MaxValue) },
        { "L1 table", file => TestImages.Put64(file, 40, 1UL << 40) },
        { "L1 table", file => TestImages.Put64(file, 40, 3 * 65_536 + 8) },
        { "L1 table", file => TestImages.Put32(file, 36, uint.MaxValue) },
        { "L1 table", file => TestImages.Put32(file, 36, 0) },
        { "refcount table", file => TestImages.Put64(file, 48, ulong.MaxValue & ~65_535UL) },
        { "refcount table", file => TestImages.Put32(file, 56, uint.MaxValue) },
        { "refcounts", file => TestImages.Put32(file, 96, 7) },
        { "snapshots", file => TestImages.Put32(file, 60, uint.MaxValue) },
        { "snapshots", file => { TestImages.Put32(file, 60, 1); TestImages.Put64(file, 64, 1UL << 50); } },
        { "extension", file => { TestImages.Put32(file, 104, 1); TestImages.Put32(file, 108, uint.MaxValue); } },
        { "compression", file => TestImages.Put64(file, 72, 8) },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_qcow2_image_that_refers_outside_or_breaks_its_own_rules_is_refused(string why, Action<byte[]> change) =>
        Assert.Contains(why, Assert.IsType<Fault.Invalid>(Inspect("qcow2", TestImages.Qcow2(change: change)).Fault).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("qcow2", 0, "QFI\u00fb")]
    [InlineData("vmdk", 0, "KDMV")]
    [InlineData("vmdk", 0, "# Disk DescriptorFile\nversion=1")]
    [InlineData("vhdx", 0, "vhdxfile")]
    [InlineData("vhd", 0, "conectix")]
    [InlineData("luks", 0, "LUKS\u00ba\u00be")]
    [InlineData("qed", 0, "QED\0")]
    [InlineData("iso", 0x8001, "CD001")]
    [InlineData("ploop", 0, "WithoutFreeSpace")]
    [InlineData("vdi", 0x40, "\u007f\u0010\u00da\u00be")]
    public void What_claims_to_be_raw_and_looks_like_another_format_is_refused_by_its_name(string format, int offset, string magic)
    {
        var content = new byte[65_536];
        Encoding.Latin1.GetBytes(magic).CopyTo(content, offset);
        Assert.Contains($"it is '{format}'", Assert.IsType<Fault.Invalid>(Inspect("raw", content).Fault).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fixed_vhd_is_known_by_its_footer()
    {
        var content = new byte[4096];
        "conectix"u8.CopyTo(content.AsSpan(4096 - 512));
        Assert.NotNull(Inspect("raw", content).Fault);
    }

    [Fact]
    public void Raw_content_is_as_large_as_its_disk_and_empty_content_has_none()
    {
        Assert.Equal(4096, Inspect("raw", new byte[4096]).Value);
        Assert.Null(Inspect("raw", []).Value);
        Assert.NotNull(Inspect("qcow2", []).Fault);
        Assert.NotNull(Inspect("iso", new byte[4096]).Fault);
    }

    [Fact]
    public void No_mutation_of_a_header_is_read_beyond_its_bounds()
    {
        var random = new Random(4711);
        var accepted = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var file = TestImages.Qcow2(version: random.Next(2) == 0 ? 2U : 3U)[..(random.Next(4) == 0 ? random.Next(5, 200) : 5 * 65_536)];
            for (var j = random.Next(1, 6); j > 0; j--) file[random.Next(4, Math.Min(file.Length, 160))] = (byte)random.Next(256);
            var outcome = Inspect("qcow2", file);
            if (!outcome.Ok) continue;
            accepted++;
            Assert.InRange(outcome.Value!.Value, 0, QcowHeader.VirtualSizeMax);
            Assert.All(file[8..20], b => Assert.Equal(0, b));
        }

        Assert.InRange(accepted, 1, 49_999);
    }

    [Theory]
    [InlineData("vmdk")]
    [InlineData("vhd")]
    [InlineData("vhdx")]
    [InlineData("vdi")]
    [InlineData("iso")]
    public void Bytes_without_a_form_may_be_kept_as_a_format_that_nothing_here_opens_but_never_opened(string format)
    {
        Assert.Null(ImageInspector.InspectKept(format, new MemoryBytes(new byte[4096])).Value);
        Assert.NotNull(Inspect(format, new byte[4096]).Fault);
        Assert.NotNull(ImageInspector.InspectKept(format, new MemoryBytes(TestImages.Qcow2())).Fault);
        Assert.NotNull(ImageInspector.InspectKept("qcow2", new MemoryBytes(new byte[4096])).Fault);
    }

    private static Outcome<long?> Inspect(string format, byte[] content) => ImageInspector.Inspect(format, new MemoryBytes(content));
}

/// <summary>Content of a test.</summary>
internal sealed class MemoryBytes(byte[] content) : ImageBytes(content.Length)
{
    protected override int ReadSome(Span<byte> buffer, long offset)
    {
        var count = (int)Math.Min(buffer.Length, content.Length - offset);
        content.AsSpan((int)offset, count).CopyTo(buffer);
        return count;
    }
}
