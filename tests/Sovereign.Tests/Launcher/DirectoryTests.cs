using Sovereign.Launcher;
using Xunit;

namespace Sovereign.Tests.Launcher;

public sealed class DirectoryTests : IDisposable
{
    private readonly string place = Directory.CreateTempSubdirectory("sovereign-test-").FullName;

    public void Dispose() => Directory.Delete(place, recursive: true);

    [Fact]
    public void A_closed_parent_directory_is_named()
    {
        File.SetUnixFileMode(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal(place, Preparation.ClosedParent($"{place}/a/cloud"));
        File.SetUnixFileMode(place, File.GetUnixFileMode(place) | UnixFileMode.OtherExecute);
        Assert.Null(Preparation.ClosedParent($"{place}/a/cloud"));
    }

    [Fact]
    public void A_directory_with_foreign_files_is_refused()
    {
        File.SetUnixFileMode(place, File.GetUnixFileMode(place) | UnixFileMode.OtherExecute);
        File.WriteAllText($"{place}/letter.txt", "mine");
        var (options, _) = CloudOptions.From(WrittenSettings.None.With(SettingNames.Data, place));
        var refusal = Assert.Throws<LauncherException>(() => new Preparation(options!.Directory, _ => { }).CheckDirectory());
        Assert.Contains("files in it that are no cloud's", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_directory_has_one_name_whatever_links_lead_to_it()
    {
        Directory.CreateDirectory($"{place}/real");
        Directory.CreateSymbolicLink($"{place}/link", $"{place}/real");
        Assert.Equal($"{place}/real/cloud", CloudDirectory.At($"{place}/link/cloud/").Path);
    }

    [Theory]
    [InlineData("Setting up qemu-utils (1:7.2) ...", "  Setting up qemu-utils (1:7.2)")]
    [InlineData("Reading package lists...", null)]
    public void Only_telling_lines_of_apt_are_shown(string line, string? shown) => Assert.Equal(shown, OsPackages.Step(line));
}
