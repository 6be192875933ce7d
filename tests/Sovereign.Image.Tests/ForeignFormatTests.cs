using System.Text;
using Sovereign.Image.Inspection;
using Xunit;

namespace Sovereign.Image.Tests;

/// <summary>What the strict readers take and refuse: images of the program that knows each format, with one thing changed.</summary>
public sealed class ForeignFormatTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("sovereign-formats-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData("vmdk", "")]
    [InlineData("vmdk", "-o subformat=streamOptimized")]
    [InlineData("vhd", "")]
    [InlineData("vhd", "-o subformat=fixed,force_size=on")]
    [InlineData("vhdx", "")]
    [InlineData("vhdx", "-o subformat=fixed")]
    [InlineData("vdi", "")]
    [InlineData("vdi", "-o static=on")]
    public async Task Images_that_stand_alone_are_taken_with_their_size(string format, string options)
    {
        var image = await TestImages.Make(directory, format, options);
        var inspected = Inspect(format, image);
        Assert.True(inspected.Ok, inspected.Fault?.Message);
        Assert.InRange(inspected.Value!.Value, 8 << 20, 9 << 20);
        Assert.NotNull(Inspect("raw", image).Fault);
        Assert.NotNull(Inspect("qcow2", image).Fault);
        for (var length = 0; length < image.Length; length += Math.Max(1, image.Length / 50)) _ = Inspect(format, image[..length]);
    }

    [Theory]
    [InlineData("createType=\"monolithicSparse\"", "createType=\"monolithicFlat\"  ")]
    [InlineData("createType=\"monolithicSparse\"", "createType=\"twoGbMaxExtent\"  ")]
    [InlineData("parentCID=ffffffff", "parentCID=fffffffe")]
    [InlineData("encoding", "parentFileNameHint=\"/etc/passwd\"\nencodin")]
    [InlineData(" SPARSE \"", " FLAT \"/")]
    [InlineData(" SPARSE \"made\"", " SPARSE \"/etc/passwd\"")]
    public async Task A_vmdk_that_leads_outside_is_refused(string from, string to)
    {
        var image = await TestImages.Make(directory, "vmdk", "-o subformat=monolithicSparse");
        var text = Encoding.Latin1.GetString(image, 512, 20 * 512);
        if (from == "encoding" && !text.Contains(from, StringComparison.Ordinal)) from = "# Disk DescriptorFile";
        Assert.Contains(from, text, StringComparison.Ordinal);
        var changed = Encoding.Latin1.GetBytes(text.Replace(from, to, StringComparison.Ordinal).PadRight(20 * 512, '\0')[..(20 * 512)]);
        changed.CopyTo(image.AsSpan(512));
        Assert.NotNull(Inspect("vmdk", image).Fault);
    }

    [Fact]
    public async Task A_hint_behind_the_descriptor_s_end_is_refused_because_readers_find_it()
    {
        var image = await TestImages.Make(directory, "vmdk", "-o subformat=monolithicSparse");
        "\nparentFileNameHint=\"/etc/passwd\"\n"u8.CopyTo(image.AsSpan(512 + 15 * 512));
        Assert.NotNull(Inspect("vmdk", image).Fault);
    }

    [Theory]
    [InlineData(12, 0)]
    [InlineData(28, 2)]
    [InlineData(4, 9)]
    public async Task A_vmdk_header_that_is_odd_is_refused(int offset, byte value)
    {
        var image = await TestImages.Make(directory, "vmdk", "-o subformat=monolithicSparse");
        image.AsSpan(offset, 8).Clear();
        image[offset] = value;
        Assert.NotNull(Inspect("vmdk", image).Fault);
    }

    [Fact]
    public void A_descriptor_without_data_is_refused() =>
        Assert.NotNull(Inspect("vmdk", "# Disk DescriptorFile\nversion=1\ncreateType=\"monolithicFlat\"\nRW 1 FLAT \"/etc/passwd\" 0\n"u8.ToArray()).Fault);

    [Theory]
    [InlineData("vhd", 60, 4)]
    [InlineData("vhd", 49, 255)]
    [InlineData("vdi", 76, 4)]
    [InlineData("vdi", 440, 1)]
    [InlineData("vdi", 374, 255)]
    [InlineData("vhdx", 65_584, 1)]
    public async Task Disks_with_parents_logs_or_wrong_sizes_are_refused(string format, int offset, byte value)
    {
        var image = await TestImages.Make(directory, format, "");
        foreach (var at in (int[])[offset, offset + (format == "vhd" ? image.Length - 512 : offset == 65_584 ? 65_536 : 0)]) image[at] = value;
        Assert.NotNull(Inspect(format, image).Fault);
    }

    [Theory]
    [InlineData("vmdk")]
    [InlineData("vhd")]
    [InlineData("vhdx")]
    [InlineData("vdi")]
    public async Task No_change_of_a_header_makes_a_reader_fail_in_another_way(string format)
    {
        var image = await TestImages.Make(directory, format, "", megabytes: 1);
        var random = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var bad = (byte[])image.Clone();
            var header = Math.Min(bad.Length, format == "vhdx" ? 300_000 : 2_048);
            for (var j = random.Next(1, 8); j > 0; j--) bad[random.Next(0, header)] = (byte)random.Next(256);
            var outcome = Inspect(format, bad);
            if (outcome.Ok) Assert.InRange(outcome.Value!.Value, 0, QcowHeader.VirtualSizeMax);
        }
    }

    [Fact]
    public void A_cd_is_told_by_its_volume()
    {
        var cd = new byte[100_000];
        Assert.NotNull(Inspect("iso", cd).Fault);
        "CD001"u8.CopyTo(cd.AsSpan(0x8001));
        Assert.Equal(100_000, Inspect("iso", cd).Value);
        Assert.NotNull(Inspect("raw", cd).Fault);
        Assert.Equal(10, Inspect("aki", new byte[10]).Value);
        Assert.NotNull(Inspect("ploop", new byte[10]).Fault);
    }

    private static Kernel.Outcomes.Outcome<long?> Inspect(string format, byte[] content) => ImageInspector.Inspect(format, new MemoryBytes(content));
}
